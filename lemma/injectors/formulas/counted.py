"""A count that the words of a step state, off by one: `There are 33 multiples of 3 between 1 and 100`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lemma.arithmetic.carrying import StatedChange
from lemma.arithmetic.chain_solution import ChainSolution, Literal
from lemma.arithmetic.chains import Chain, Words
from lemma.arithmetic.surds import Surd
from lemma.injectors.formulas.places import Proposed

_COUNTED = re.compile(
    r"(?<![\d.,^{/])\$?(?P<count>\d{1,4})\$?\s+(?:of (?:these|them|which)\b|are (?:odd|even|prime)\b"
    r"|(?:(?!and |or )[a-z]+(?:-[a-z]+)? ){0,3}?(?:ways|values|integers|numbers|factors|divisors|multiples|solutions|"
    r"pairs|points|combinations|arrangements|possibilities|choices|triangles|squares|paths|outcomes|terms|digits|elements|"
    r"subsets|primes|positions|games|handshakes|cases|sets|people|students|zeroe?s|options|sequences|letters)\b)"
)
# Words that tell of which several ways a count is: "5 ways to pick the last one".
_QUALIFIED = re.compile(r"(?: [a-z][a-z-]*){0,8}(?=[.,;:]|\s*$|\s\$)|")
_REMAINING = re.compile(r"\bremaining\b", re.IGNORECASE)  # which shows how many there were
_FEWEST = 5  # nobody miscounts fewer


def stated(solution: ChainSolution) -> Iterator[Proposed]:
    """Counts that stand in the words of a step and that nothing before says, each off by one."""
    for step, text in enumerate(solution.steps[: solution.answer.step]):
        for match in _COUNTED.finditer(text) if not _REMAINING.search(text) else ():
            count, start = Surd(int(match["count"])), match.start("count")
            item = _item_at(solution, step, start)
            if int(match["count"]) < _FEWEST or item is None or count in solution.given or count in solution.constants:
                continue
            if any(count in solution.said(one) for one in solution.items[: solution.items.index(item)]):
                continue
            if isinstance(item, Chain):
                formula = item.sides[0].formula
                literal = Literal(count, start, match.end("count"), None if formula is None else formula.tree)
            else:
                literal = Literal(count, start, match.end("count"))
            noun = text[match.end("count") : match.end()].strip(" $")
            last = noun.split()[-1]
            if len(re.findall(rf"\b{re.escape(last)}\b", text)) > 1:
                noun += _QUALIFIED.match(text, match.end()).group()  # type: ignore[union-attr]
            noun = "" if noun.startswith(("of ", "are ")) else f" {noun}"
            for off, direction in ((-1, "few"), (1, "many")):
                wrong = int(match["count"]) + off
                # such as 9 remaining ones beside 10, of which it would be one too many then; or one of 7, 6, 5
                if any(re.search(rf"(?<!\d){int(match['count']) + one}(?!\d)", text) for one in (off, 1, -1)):
                    continue
                why = f"The step counts one too {direction}: there are ${match['count']}${noun}, not ${wrong}$."
                yield Proposed(StatedChange(item, literal, Surd(wrong), last), why)


def _item_at(solution: ChainSolution, step: int, place: int) -> Chain | Words | None:
    """The words, or the number alone in a formula, that stand at a place of a step."""
    for item in solution.items:
        if item.step != step:
            continue
        if isinstance(item, Words) and item.start <= place < item.end:
            return item
        if isinstance(item, Chain) and len(item.sides) == 1 and item.start == place and item.sides[0].value is not None:
            return item
    return None
