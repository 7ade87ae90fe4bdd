r"""The last box holds something else: a term with the other sign, a pair the other way around, a list without an entry.

The reference's box is right, so a box that says something different is wrong, whatever the formula before it is. What
the box says is therefore not worked out again, and nothing behind it may depend on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lemma.arithmetic.chain_solution import ChainSolution, box_spans, literals_of_text
from lemma.arithmetic.chains import Chain
from lemma.arithmetic.graph import values_of_words
from lemma.arithmetic.latex import DRAWING, boxed
from lemma.arithmetic.surds import Surd
from lemma.exceptions import Refusal
from lemma.injectors.conditions import ASKS_COUNT, COUNTED, JUDGES, holds_number, without_formulas
from lemma.injectors.formulas import (
    checked_signs,
    contents,
    factored,
    lost_signs,
    named_values,
    percents,
    vectors,
)
from lemma.injectors.formulas.misworked import CALCULATION, KINDS

COUNTING, SIGN, SWAPPED, LOST = "counting_error", "sign_error", "coordinate_swap_error", "lost_root_error"
UNREACHED, SQUARES = "distribution_error", "cross_term_error"
_LONGEST = 160
_CLUTTER = re.compile(r"\\(?:left|right|[,;:! ])|[\s{}$]")
_PAIR = re.compile(r"(?s)\s*(?:\\left\s*)?\((?P<body>[^()\[\]]+)(?:\\right\s*)?\)\s*")
_NUMBER = re.compile(
    r"-?\s{0,3}(?:\d{1,12}(?:\.\d{1,9})?|\\[dt]?frac\s{0,3}(?:\{\d{1,9}\}\{\d{1,9}\}|\d\s{0,3}\d|\d\{\d{1,9}\})|"
    r"\d{0,9}\\sqrt\{\d{1,9}\}|\d{1,9}/\d{1,9})"
)
_ROOTS = re.compile(
    r"\broots?\b|\bsolutions?\b|\bsolve\b|\b[Ff]ind all\b|\bvalues of\b|\ball (?:real |integer )?values\b"
)
_PLURAL = re.compile(r"\b(?:solutions|roots|values|zeroe?s|answers|numbers|are|or)\b")
_FEWEST, _MOST = 5, 30
_LIST = re.compile(r"\d{1,9}, \d{1,9},")
_SHORT = 3  # what is shorter may be the same by chance


@dataclass(frozen=True, slots=True)
class WrongBox:
    """Another content of the last box, which begins at `start` in its step and ends at `end`."""

    chain: int
    start: int
    end: int
    written: str


def propose(solution: ChainSolution, kind: str) -> Iterator[tuple[WrongBox, str]]:
    """Wrong contents of the last box by an error of a type, each with an explanation."""
    finders = (*_KINDS.get(kind, ()), *contents.FINDERS.get(kind, ()))
    step = solution.answer.step
    text = solution.steps[step]
    start, end = solution.answer.start, solution.answer.end
    content = boxed(text)[-1]
    begin = text.index(content, start) if content else end
    if (not finders and kind not in KINDS) or not content or len(content) > _LONGEST or begin + len(content) > end:
        return
    if kind != contents.CASES and _is_said(solution, content):
        return
    found = (one for find in finders for one in find(solution, content))
    for written, why in (*found, *named_values.propose(solution, content, kind)):
        yield WrongBox(solution.answer.chain, begin, begin + len(content), written), why


def _is_said(solution: ChainSolution, content: str) -> bool:
    """Whether the solution says the answer before, in a step or a drawing: whoever has just read it copies it right."""
    shown = _CLUTTER.sub("", content)
    before = [*solution.steps[: solution.answer.step], solution.steps[solution.answer.step][: solution.answer.start]]
    if content.isdigit():
        return Surd(int(content)) in _stated(solution)
    said_text = _CLUTTER.sub("", " ".join(before[-2:] if len(shown) < _SHORT else before))
    return re.search(rf"(?<![\d.\\^]){re.escape(shown)}(?![\d^])", said_text) is not None


def _stated(solution: ChainSolution) -> set[Surd]:
    """The numbers that the solution states before the box: in words, alone in a formula, or as a result."""
    found: set[Surd] = set()
    for item in solution.items:
        text = solution.steps[item.step]
        if item is solution.chains[solution.answer.chain]:
            break
        if isinstance(item, Chain):
            last = item.sides[-1].value
            found |= {last} if last is not None and not item.in_tuple else set()
        elif not _LIST.search(text[item.start : item.end]):
            words = text[item.start : item.end]
            found |= {literal.value for literal in literals_of_text(words)} | set(map(Surd, values_of_words(words)))
    return found


def swapped_pair(solution: ChainSolution, content: str) -> Iterator[tuple[str, str]]:
    """A pair of numbers the other way around."""
    pair = _PAIR.fullmatch(content)
    sides = solution.chains[solution.answer.chain].sides
    shown = re.sub(r"\\f?boxed|[\s${&]", "", solution.steps[solution.answer.step][: solution.answer.start])
    if len(sides) > 1 or shown.endswith("="):
        return  # the pair stands there just before, in the right order
    if pair is None or re.search(r"\binterval\b|\brange\b|\bdomain\b|\bvalues\b", solution.question):
        return
    body = pair["body"].rstrip()
    parts = body.split(",")
    if len(parts) != 2 or not all(_NUMBER.fullmatch(part.strip()) for part in parts):
        return
    first, second = (part.strip() for part in parts)
    if first == second:
        return
    gap = parts[1][: len(parts[1]) - len(parts[1].lstrip())]
    lead = parts[0][: len(parts[0]) - len(parts[0].lstrip())]
    at = pair.start("body")
    changed = f"{content[:at]}{lead}{second},{gap}{first}{content[at + len(body) :]}"
    why = f"The coordinates are in the wrong order: the first one is ${first}$ and the second one is ${second}$."
    yield changed, why


def lost_root(solution: ChainSolution, content: str) -> Iterator[tuple[str, str]]:
    """A list of roots without one of them."""
    parts = re.split(r"\s{0,9},\s{0,9}", content.strip())
    if len(parts) < 2 or not all(_NUMBER.fullmatch(part) for part in parts):
        return
    if _ROOTS.search(solution.question) is None or "ordered" in solution.question:
        return
    text = solution.steps[solution.answer.step][: solution.answer.start]
    near = " ".join((*solution.steps[max(0, solution.answer.step - 1) : solution.answer.step], text))
    if len(parts) == 2 and _PLURAL.search(text) is not None:
        return  # nobody says that the solutions are one
    if len(re.findall(r"=\s*0(?![\d.])", near)) >= len(parts):
        return  # the equation that each of them comes from has just been listed
    gap = re.search(r",\s*", content)
    for place in range(len(parts) - 1, -1, -1):
        sign, size = ("+", parts[place][1:].strip()) if parts[place].startswith("-") else ("-", parts[place])
        factor = rf"[a-z]\s*\{sign}\s*{re.escape(size)}(?![\d.^])"
        if re.search(rf"{factor}|[a-z]\s*=\s*{re.escape(parts[place])}(?![\d.^])", near):
            continue  # `x - 3` or `x = 3` has just been read
        kept = (gap.group() if gap is not None else ", ").join(parts[:place] + parts[place + 1 :])
        yield kept, f"${parts[place]}$ is a solution as well, which the step loses: it should be ${', '.join(parts)}$."


def miscounted(solution: ChainSolution, content: str) -> Iterator[tuple[str, str]]:
    """A count that the step does not work out, off by one."""
    text = solution.steps[solution.answer.step]
    if not content.isdigit() or not _FEWEST <= int(content) <= _MOST or not ASKS_COUNT.search(solution.question):
        return
    chain = solution.chains[solution.answer.chain]
    counted = COUNTED.match(text, solution.answer.end)
    if counted is None or len(chain.sides) > 1:
        return
    for off, direction in ((-1, "few"), (1, "many")):
        wrong = int(content) + off
        yield str(wrong), f"The step counts one too {direction}: there are ${content}$, not ${wrong}$."


_KINDS = {
    SIGN: (lost_signs.propose, vectors.wrong_signs, factored.turned_signs, checked_signs.propose),
    UNREACHED: (vectors.unreached,),
    SQUARES: (factored.squared,),
    CALCULATION: (factored.swapped,),
    SWAPPED: (swapped_pair,),
    LOST: (lost_root,),
    COUNTING: (miscounted,),
    contents.CONCEPTS: (percents.whole_for_change,),
}


def carried(solution: ChainSolution, change: WrongBox) -> tuple[tuple[str, ...], int, str]:
    """The steps with another content of the last box. Raises Refusal if anything behind it depends on it."""
    step = solution.answer.step
    steps = list(solution.steps)
    steps[step] = steps[step][: change.start] + change.written + steps[step][change.end :]
    return up_to_answer(solution, steps), step, change.written


def up_to_answer(solution: ChainSolution, steps: list[str]) -> tuple[str, ...]:
    """The changed steps without what stands behind the answer and may be false now. Raises Refusal if there is another
    box, or if the answer's own step goes on with a remark.
    """
    answer, text = solution.answer, solution.steps[solution.answer.step]
    if len(box_spans(text)) > 1 or any(map(box_spans, solution.steps[: answer.step])):
        raise Refusal("second_box")
    tail = DRAWING.sub(" ", text[answer.end :])
    words = without_formulas(tail) if tail.count("$") % 2 == 0 else without_formulas(tail.partition("$")[2])
    if holds_number(tail.partition("\\end{")[0]) or JUDGES.search(words) is not None:
        counted = COUNTED.match(text, answer.end)
        if counted is None or holds_number(tail):
            raise Refusal("remark_behind_answer", tail.strip()[:80])
    rest = " ".join(steps[answer.step + 1 :])
    is_checked = holds_number(rest) or DRAWING.search(rest) or JUDGES.search(rest)
    return tuple(steps[: answer.step + 1] if is_checked else steps)
