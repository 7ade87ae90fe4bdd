"""A step says something else than an earlier one about the same quantity, and the rest follows the wrong one."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.numbers import Value, render
from lemma.arithmetic.propagation import Change
from lemma.injectors.proposal import Proposal, Site, shuffled, sites, swapped_digits

_OPENERS = frozenset((
    "he", "she", "it", "they", "we", "you", "i", "the", "this", "that", "these", "those", "there", "in", "on", "at",
    "for", "each", "every", "all", "her", "his", "their", "so", "thus", "therefore", "then", "a", "an", "two",
    "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "twenty", "half", "altogether",
    "together", "after", "since", "if", "to", "from", "with", "by", "combined",
))  # fmt: skip
_LEADS = ("So ", "This means that ", "In other words, ", "Thus, ")
_HAS_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|will|can|got|gets?|made|makes?|costs?|spent|spends?|needs?|sold|sells?|bought|buys?|"
    r"earns?|earned|paid|pays?|takes?|took|used|uses?|ate|eats?|gave|gives?|saved|saves?|found|read|reads|picked|ran|runs|"
    r"walked|walks|drove|drives|worked|works|left|caught|collected|received|weighs?|bakes?|baked|grew|lost|won|owns?)\b"
)
_CONNECTIVE = re.compile(
    r"\b(?:because|if|since|as|when|which|meaning|so|thus|therefore|then|and)\b|[=:;,]", re.IGNORECASE
)
_LEAD_IN = re.compile(r"(?:so|thus|that means|this means|in total|therefore),?(?: that)? ", re.IGNORECASE)
_BLANK = re.compile(r"\s+")


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """A sentence behind a step that restates its result with another value."""
    for site in sites(graph, rng):
        if not graph.uses(site.index):
            continue  # a last step that takes itself back would be odd
        sentence = _restatement(site)
        if sentence is None:
            continue
        for wrong in shuffled(_mistaken_values(site), rng):
            number = render(wrong, site.equation.result.style)
            if number is not None:
                text = rng.choice(_LEADS) + sentence.replace("\x00", number)
                said = site.shown(site.equation.result, wrong)
                explanation = (
                    f"Step {site.step + 1} found {site.worked}; "
                    f"this step says {said} for the same quantity and contradicts it."
                )
                yield Proposal(Change(site.index, result=wrong, inserted_step=text), explanation)


def _restatement(site: Site) -> str | None:
    """The step without its expression, a NUL in the place of the result; None if that is not a whole sentence."""
    equation = site.equation
    alone = sum(step == site.step for step in site.graph.step_of) == 1 and not site.graph.readings[site.step].mentions
    before = site.text[: equation.start].rstrip("$ ")
    after = site.text[equation.result.end :]
    if not alone or not before or not _HAS_VERB.search(before) or not {"\\", "\x00"}.isdisjoint(site.text):
        return None
    before = _LEAD_IN.sub("", before, count=1) if _LEAD_IN.match(before) else before
    if _CONNECTIVE.search(before):
        return None
    if equation.result.start < equation.start or not after.strip(" .") or "=" in after:
        return None
    sign = "$" if equation.result.currency else ""
    sentence = _BLANK.sub(" ", f"{before} {sign}\x00{after}").strip()
    first = sentence.split()[0]
    if first.lower() in _OPENERS and first != "I":
        sentence = sentence[0].lower() + sentence[1:]
    return sentence


def _mistaken_values(site: Site) -> list[Value]:
    """Values that the result is easily remembered as: its digits swapped, or one of the numbers it was made from."""
    right = site.equation.result.face
    made_from = [operand.face for operand in site.equation.operands if not operand.percent]
    alike = [value for value in made_from if isinstance(value, int) == isinstance(right, int) and value > 1]
    near = [right + off for off in (-10, 10, -1, 1) if isinstance(right, int) and 20 < right < 100]
    return [value for value in dict.fromkeys([*swapped_digits(right), *alike, *near]) if value != right]
