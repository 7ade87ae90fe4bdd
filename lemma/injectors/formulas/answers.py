"""The answer that the last step takes over from an earlier one is another number, or what it counts is miscounted."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lemma.arithmetic.carrying import ChainChange, edit_of, is_plausible
from lemma.arithmetic.chain_solution import ChainSolution
from lemma.arithmetic.formulas import Node, value
from lemma.arithmetic.surds import Surd
from lemma.arithmetic.writing import in_latex, is_written, write
from lemma.injectors.conditions import ASKS_COUNT, without_formulas
from lemma.injectors.formulas.places import Proposed

_NEUTRAL = re.compile(
    r"\b(?:the|our|final|desired) (?:final |desired )?(?:answer|solution|result|value)\b(?! of)", re.IGNORECASE
)
_ITEM = (
    r"(?<![\w.])-?(?:\d{1,9}(?!\d)|\(-?\w{1,9},\s?-?\w{1,9}\)|\\frac\{?\d{1,9}\}?\{?\d{1,9}\}?|[A-Z]{1,4}(?![a-zA-Z]))"
)
_LIST = re.compile(rf"{_ITEM}(?:(?:\s{{0,3}},\s{{0,3}}(?:and\s|or\s)?|\s(?:and|or)\s){_ITEM})+")
_SPAN = re.compile(r"\b(?:between|from)\s+(\d{1,9})\s+(?:and|to|through)\s+(\d{1,9})\b")
_CLUTTER = re.compile(r"\\[,;:! ]|\\text\{(\s*(?:and|or)\s*)\}|[$]")
_WORD = re.compile(r"[a-z']+")
_PLAIN_WORDS = re.compile(
    r"(?:an?|and|answers?|as|desired|final|finally|for|gives?|get|have|hence|is|it|just|obtain|of|our|problem|question|"
    r"required|result|simply|so|solution|that|the|then|therefore|this|thus|to|value|we|which)"
)
_FEWEST, _MOST = 5, 60  # nobody miscounts the few things that he has just listed
_MOST_OTHERS = 3
_OPERATION = re.compile(
    r"\b(?:add\w*|sum|subtract\w*|differences?|averages?|mean|median|products?|totals?|multipl\w+|divid\w+|plus|minus|times|"
    r"combin\w+|half|halv\w+|twice|doubl\w+|ratio|both|together|squar\w+|roots?)\b",
    re.IGNORECASE,
)
_CHOOSES = re.compile(r"\b(?:smallest|largest|greatest|least|fewest|most|maximum|minimum|longest|shortest)\b", re.I)
_SUPERLATIVE = re.compile(r"\b(?:greatest|largest|least|smallest|maximum|minimum|highest|lowest)\b", re.IGNORECASE)
_FAR = 2  # steps between a result and the answer that it is taken for


def _answer(solution: ChainSolution) -> tuple[int, Node, Surd] | None:
    """The chain that is nothing but the answer, in the last box, and its value."""
    chain = solution.chains[solution.answer.chain]
    formula = chain.sides[0].formula
    is_bare = len(chain.sides) == 1 and not chain.in_tuple and formula is not None and is_written(formula.tree)
    if not is_bare or formula is None or chain.sides[0].value is None:
        return None
    return solution.answer.chain, formula.tree, value(formula.tree)


def _proposed(solution: ChainSolution, index: int, node: Node, wrong: Surd, why: str) -> Iterator[Proposed]:
    """The proposal to box another number; `{}` stands for it, as it is written."""
    text = solution.steps[solution.answer.step]
    written = write(wrong, node, text)
    alike = isinstance(value(node).rational, int) == isinstance(wrong.rational, int)
    if written is not None and alike and is_plausible(value(node), wrong, solution.question):
        edit = edit_of(text, node, written)
        change = ChainChange(index, 0, {node: wrong}, (edit,), result=True, stated=True)
        yield Proposed(change, why.replace("{}", f"${written}$"))


def other_result(solution: ChainSolution) -> Iterator[Proposed]:
    """The result of another step is boxed."""
    yield from _other(solution, is_neutral=False)


def misread(solution: ChainSolution) -> Iterator[Proposed]:
    """Something else that was found is boxed as the answer."""
    yield from _other(solution, is_neutral=True)


def _other(solution: ChainSolution, is_neutral: bool) -> Iterator[Proposed]:
    found = _answer(solution)
    if found is None:
        return
    index, node, right = found
    results, text = solution.results_before(index), solution.steps[solution.answer.step]
    if _SUPERLATIVE.search(solution.question):
        return  # the values are there to be compared
    if right not in results:
        yield from intermediate(solution, index, node, right, is_neutral)
        return
    says_which = not is_neutral and _NEUTRAL.search(text) is not None  # `Since $x$ counts the blue ones, the answer is`
    if (_NEUTRAL.search(text) is not None) != is_neutral and not says_which:
        return
    shown = text[node.start : node.end]
    others = [one for one in results if one != right and one not in solution.given]
    words = _WORD.findall(without_formulas(text).lower())
    if is_neutral and (not all(map(_PLAIN_WORDS.fullmatch, words)) or _CHOOSES.search(solution.question)):
        return  # the sentence says what is asked for or why it is the answer, or no reading of the question asks for it
    step = solution.said_before(index, right)
    for wrong in others[-_MOST_OTHERS:]:
        source = solution.said_before(index, wrong)
        if step is None or source is None or source != results[wrong]:
            continue
        says = "found" if results[right] == step else "says"
        why = f"Step {step + 1} {says} ${shown}$, but this step goes on with {{}}, which is from step {source + 1}"
        names = [
            [name for name, at in solution.letters_before(index).items() if at == one and name.isalpha()]
            for one in (right, wrong)
        ]
        if says_which and not (all(len(one) == 1 for one in names) and f"${names[0][0]}$" in text):
            continue
        if all(len(one) == 1 for one in names):
            needed, taken = (one[0] for one in names)
            why = f"The step needs ${needed} = {shown}$ from step {step + 1}, but it takes {{}}, which is ${taken}$"
        elif source == step:
            continue  # no name tells the two apart
        if is_neutral:
            why = (
                f"The problem asks for ${shown}$, which step {step + 1} {says}, and not for {{}} from step {source + 1}"
            )
        yield from _proposed(solution, index, node, wrong, f"{why}.")


def intermediate(solution: ChainSolution, index: int, node: Node, right: Surd, is_neutral: bool) -> Iterator[Proposed]:
    """The last result that an earlier step worked out, in place of the answer, which is still one step away."""
    text = solution.steps[solution.answer.step]
    results = _found_before(solution, index)
    if _OPERATION.search(without_formulas(text)):
        return  # nobody says that he adds two numbers and gives one of them
    found = [one for one in results if one not in solution.given and abs(one.approximate or 0) > 1]
    shown = text[node.start : node.end]
    if (_NEUTRAL.search(text) is not None) != is_neutral or not found or solution.said_before(index, right) is not None:
        return
    if re.search(rf"(?<![\d.^{{]){re.escape(shown)}(?![\d^])", text[: solution.answer.start]):
        return  # the step says the right answer itself
    wrong = max(found, key=lambda one: (results[one], list(results).index(one)))
    source = results[wrong]
    if source != solution.said_before(index, wrong) or source < solution.answer.step - _FAR:
        return
    due = still_due(solution, right, wrong)
    if due:
        why = f"The answer is ${shown}$, and the step gives {{}}, which step {source + 1} found on the way: {due}"
        yield from _proposed(solution, index, node, wrong, f"{why}.")


def still_due(solution: ChainSolution, right: Surd, wrong: Surd) -> str:
    """What still has to be done with the result on the way; empty if that can't be told, or only in several ways."""
    given = {one for one in solution.given if one.rational is not None and one not in (0, 1)}
    found = []
    if right + right == wrong:
        found.append("it still has to be halved")
    if wrong + wrong == right:
        found.append("it still has to be doubled")
    for one in given - {Surd(2)}:
        size = in_latex(one)
        if one * right == wrong:
            found.append(f"it still has to be divided by ${size}$")
        if one * wrong == right:
            found.append(f"it still has to be multiplied by ${size}$")
        if one - wrong == right:
            found.append(f"it still has to be taken away from ${size}$")
        if wrong - one == right:
            found.append(f"${size}$ still has to be taken away")
        if wrong + one == right:
            found.append(f"${size}$ still has to be added")
    if wrong * wrong == right:
        found.append("it still has to be squared")
    if right * right == wrong:
        found.append("the square root of it still has to be taken")
    return found[0] if len(found) == 1 else ""


def _found_before(solution: ChainSolution, index: int) -> dict[Surd, int]:
    """The results before a step, also those of formulas that are not read, such as the length of a vector."""
    found = solution.results_before(index)
    for chain in solution.chains[:index]:
        side = chain.sides[-1]
        is_result = len(chain.sides) > 2 and set(chain.relations) == {"="} and not chain.in_tuple
        if not is_result or side.formula is None or side.value is None or chain.step >= solution.chains[index].step:
            continue
        if is_written(side.formula.tree):
            found.setdefault(side.value, chain.step)
    return found


def contradicted(solution: ChainSolution) -> Iterator[Proposed]:
    """The box says something else than the step that found the answer."""
    found = _answer(solution)
    if found is None:
        return
    index, node, right = found
    rational, origin = right.rational, solution.said_before(index, right)
    if origin is None or right in solution.given or solution.says_elsewhere(index, right):
        return
    wrongs = [-right] if rational is not None and rational < 0 else []
    shown = solution.steps[solution.answer.step][node.start : node.end]
    results = solution.results_before(index)
    source = f"Step {origin + 1} {'found' if right in results else 'says'} ${shown}$"
    for wrong in wrongs:
        if wrong not in results:
            why = f"{source}, but this step goes on with {{}}, and contradicts it."
            yield from _proposed(solution, index, node, wrong, why)


def miscounted(solution: ChainSolution) -> Iterator[Proposed]:
    """A list is counted wrongly, by one."""
    found = _answer(solution)
    if found is None or not ASKS_COUNT.search(solution.question):
        return
    index, node, right = found
    rational, step = right.rational, solution.answer.step
    if not isinstance(rational, int) or not _FEWEST <= rational <= _MOST or right in solution.results_before(index):
        return
    text = " ".join(solution.steps[max(0, step - 1) : step]) + " " + solution.steps[step][: solution.answer.start]
    if not _is_counted(_CLUTTER.sub(lambda match: match[1] or "", text), rational):
        return
    for off, direction in ((-1, "few"), (1, "many")):
        wrong = rational + off
        why = f"The step counts one too {direction}: there are ${rational}$, not {{}}."
        yield from _proposed(solution, index, node, Surd(wrong), why)


def _is_counted(text: str, count: int) -> bool:
    """Whether a text lists this many things, or names a span of whole numbers with this many in it."""
    lists = [len(re.findall(_ITEM, match.group())) for match in _LIST.finditer(text)]
    spans = [int(match[2]) - int(match[1]) for match in _SPAN.finditer(text)]
    return count in lists or any(count in (size - 1, size, size + 1) for size in spans)
