"""One number of a formula is another: misquoted, taken from elsewhere, or miscounted."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lemma.arithmetic.carrying import ChainChange, is_plausible
from lemma.arithmetic.formulas import Node, value
from lemma.arithmetic.propagation import Edit
from lemma.arithmetic.surds import Surd
from lemma.arithmetic.writing import written_parts
from lemma.injectors.formulas.places import Place, Proposed

_COUNTED = re.compile(
    r"\b(?:choices?|ways?|options?|possib\w+|integers|numbers|terms|multiples|factors|digits|sides|pairs|values|"
    r"permutations|arrangements|letters|there (?:are|is)|elements|outcomes|people|games|squares|cubes|points)\b"
)
_FEWEST, _MOST = 3, 60
_MOST_OTHERS = 4
_SMALL = 13
_LONG = 100  # nobody copies 12 as 21
_FARTHEST = 4  # times a number, up to which another is taken for it
_FAMILIAR = frozenset(
    (*(root**2 for root in range(33)), *(root**3 for root in range(11)), *(2**power for power in range(17)))
) | {120, 180, 243, 360, 365, 720, 5040}  # nobody gets the digits of these wrong


def _number_parts(place: Place) -> Iterator[tuple[Node, Surd]]:
    """The values written in the first side that stand there once."""
    parts = [(node, value(node)) for node in written_parts(place.tree)]
    for node, found in parts:
        if node is not place.tree and [other for _, other in parts].count(found) == 1:
            yield node, found


def _is_exponent(place: Place, node: Node) -> bool:
    return any(outer.op == "^" and outer.parts[1] is node for outer in place.parts)


def _proposed(place: Place, node: Node, wrong: Surd, fault: str) -> Iterator[Proposed]:
    edits, right = place.put(node, wrong), value(node)
    alike = isinstance(right.rational, int) == isinstance(wrong.rational, int) and len(right.terms) == len(wrong.terms)
    said = place.solution.says_elsewhere(place.index, right)
    if edits and alike and not said and is_plausible(right, wrong, place.solution.question):
        change = ChainChange(place.index, place.first, {node: wrong}, edits)
        yield Proposed(change, f"{fault}: it should be {place.worked}.")


def _is_the_problems(place: Place, found: Surd) -> bool:
    """Whether a number is that of the problem, sign and all, and not the same by chance: it is not small, or the step
    has the noun that stands behind it in the problem.
    """
    rational = found.rational
    if not isinstance(rational, int):
        return True
    if not _stands_in(place.solution.question, rational):
        return False
    nouns = re.findall(rf"(?<![\d.,]){rational}\$?[ -]+([a-z]{{4,}})", place.solution.question)
    return rational >= _SMALL or any(noun.rstrip("s") in place.text for noun in nouns)


def _stands_in(question: str, number: int) -> bool:
    """Whether a question has a whole number with its own sign: 49 does not stand in `x^3 - 49x^2`."""
    return re.search(rf"(?<![\d.,-])(?<!-\s){number}(?![\d]|[.,]\d)", question.replace("{,}", "")) is not None


def misquoted(place: Place) -> Iterator[Proposed]:
    """A number of the problem in whose place another one of the problem stands, or its digits swapped."""
    given, question = place.solution.given_in_digits, place.solution.question
    used = {found for _, found in _number_parts(place)}
    for node, found in _number_parts(place):
        copied = node in place.formula and place.formula[node].op != "letter"
        if found not in given or found in place.results or copied or _is_exponent(place, node):
            continue
        if not _is_the_problems(place, found) or place.solution.said_before(place.index, found) is not None:
            continue  # whoever has written it down once does not misread it later
        others = [one for one in given if one not in used and one not in (0, 1)]
        others = [one for one in others if not isinstance(one.rational, int) or _stands_in(question, one.rational)]
        right = place.part(node)
        for wrong in others[:_MOST_OTHERS]:
            shown = place.shown(node, wrong)
            fault = f"The step takes {shown} from the problem where {right} belongs"
            yield from _proposed(place, node, wrong, fault)
        rational = found.rational
        for digits in swapped_digits(rational) if isinstance(rational, int) and not _is_familiar(rational) else ():
            yield from _proposed(
                place, node, Surd(digits), f"The problem says {right}, not {place.shown(node, Surd(digits))}"
            )


def other_result(place: Place) -> Iterator[Proposed]:
    """A result of an earlier step in whose place that of another step stands, or its digits swapped."""
    used = {found for _, found in _number_parts(place)}
    for node, found in _number_parts(place):
        copied = node in place.formula and place.formula[node].op != "letter"
        if found not in place.results or found in place.solution.given or copied or _is_exponent(place, node):
            continue
        right = place.part(node)
        step = place.solution.said_before(place.index, found)
        others = [one for one in place.results if one not in used and one not in place.solution.given]
        for wrong in others[:_MOST_OTHERS]:
            fault = _goes_on(place, found, wrong, right, place.shown(node, wrong))
            if fault is not None and _are_alike(found, wrong, used):
                yield from _proposed(place, node, wrong, fault)
        rational = found.rational
        is_long = isinstance(rational, int) and rational >= _LONG and not _is_familiar(rational)
        wrongs = [Surd(one) for one in swapped_digits(rational)] if isinstance(rational, int) and is_long else []
        if node not in place.formula and (rational is None or rational < 0):
            wrongs.append(-found)
        for wrong in wrongs:
            if step is not None and wrong not in place.results and wrong not in place.solution.given:
                fault = f"{_source(place, found, step)} {right}, but this step copies it as {place.shown(node, wrong)}"
                yield from _proposed(place, node, wrong, fault)


def _are_alike(found: Surd, wrong: Surd, others: set[Surd]) -> bool:
    """Whether somebody would take a number for another: both have the same sign and about the same size, and the wrong
    one is no square or root of a number beside it, as 25 is of 5.
    """
    sizes = [one.approximate or 0 for one in (found, wrong)]
    near = sizes[0] * sizes[1] > 0 and max(map(abs, sizes)) <= _FARTHEST * min(map(abs, sizes))
    return near and not any(wrong * wrong == other or other * other == wrong for other in {*others, found})


def _source(place: Place, found: Surd, step: int) -> str:
    """A step that found a result, or only says it again."""
    return f"Step {step + 1} {'found' if place.results.get(found) == step else 'says'}"


def _goes_on(place: Place, found: Surd, wrong: Surd, right: str, shown: str) -> str | None:
    """That a step takes one result for another, with the last steps that say them; None if the last one that says
    the wrong one does not work it out.
    """
    step, source = (place.solution.said_before(place.index, one) for one in (found, wrong))
    if step is None or source != place.results[wrong]:
        return None
    if step == source:
        return f"{_source(place, found, step)} {right}, but this step goes on with {shown}, which it found as well"
    return f"{_source(place, found, step)} {right}, but this step goes on with {shown}, which is from step {source + 1}"


def contradicted(place: Place) -> Iterator[Proposed]:
    """A letter that the step takes for something else than an earlier step did: its sign is lost."""
    known = {found: name for name, found in place.letters.items()}
    for node, found in _number_parts(place):
        origin = place.formula.get(node)
        letter = origin.name if origin is not None and origin.op == "letter" else None
        if found not in place.results or found in place.solution.given or (node in place.formula and letter is None):
            continue
        name, step = letter or known.get(found), place.solution.said_before(place.index, found)
        negative = found.rational is None or found.rational < 0
        if _is_exponent(place, node) or name is None or step is None or not negative:
            continue
        if -found not in place.results and -found not in place.solution.given:
            says = f"${name} = {place.part(node)[1:-1]}$"
            fault = f"{_source(place, found, step)} {says}, but this step goes on with {place.shown(node, -found)}"
            yield from _proposed(place, node, -found, f"{fault} and contradicts it")


def miscounted(place: Place) -> Iterator[Proposed]:
    """A number that was counted and is stated nowhere, off by one; or the end of a span that is left out."""
    for node, found in _number_parts(place):
        rational = found.rational
        if not isinstance(rational, int) or not _FEWEST <= rational <= _MOST or _is_exponent(place, node):
            continue
        if found in place.solution.given or found in place.results or node in place.formula:
            continue
        given = [one.rational for one in place.solution.given if isinstance(one.rational, int)]
        if any(rational in (one + other, one - other, one * other) for one in given for other in given):
            continue  # it was worked out and not counted
        if (
            not _COUNTED.search(place.text)
            or place.solution.said_before(place.index, found) is not None
            or node.op != "num"
        ):
            continue
        multiplied = any(node in outer.parts and outer.op in ("*", "!", "binom") for outer in place.parts)
        for wrong in (rational - 1, rational + 1) if multiplied else ():
            direction = "one too many" if wrong > rational else "one too few"
            fault = f"The step counts {direction}, ${wrong}$ in place of ${rational}$"
            yield from _proposed(place, node, Surd(wrong), fault)
    tree = place.tree
    if tree.op == "+" and tree.parts[1].number == 1 and tree.parts[0].op in ("-", "frac", "/"):
        inner = tree.parts[0]
        shown = place.text[inner.start : inner.end]
        is_span = inner.op == "-" or inner.parts[0].op == "-"
        if is_span and shown.count("(") == shown.count(")") and tree not in place.formula:
            change = ChainChange(place.index, place.first, {tree: inner}, (Edit(tree.start, tree.end, shown),))
            why = "The step counts the gaps and not the numbers, one too few"
            yield Proposed(change, f"{why}: it should be {place.worked}.")


def _is_familiar(number: int) -> bool:
    """Whether everybody knows a number by sight: 256, 360, 1200, but not 35."""
    return number >= _LONG and (number in _FAMILIAR or number % _LONG == 0)


def swapped_digits(value: int) -> list[int]:
    """The numbers after swapping two neighboring digits: 63 for 36; none with a leading zero."""
    digits = str(value)
    return [
        int(digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :])
        for place in range(len(digits) - 1)
        if value > 11 and digits[place] != digits[place + 1] and (place or digits[1] != "0")
    ]
