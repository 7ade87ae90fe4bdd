r"""By what percent something grows or shrinks: the box says 90 percent, which are left, for a loss of 10 percent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from lemma.arithmetic.chain_solution import ChainSolution

_BY_PERCENT = re.compile(r"\bby what percent(?:age)?\b[^.?!]{0,80}\b(?P<way>decreas|increas)", re.IGNORECASE)
_PART = re.compile(
    r"(?<![\d.])(?P<decimal>\d{0,2}\.\d{1,4})\s?[A-Za-z](?![a-z])|\\[dt]?frac\{?(?P<above>\d{1,3})\}?\{?(?P<below>\d{1,3})\}?"
)


def whole_for_change(solution: ChainSolution, content: str) -> Iterator[tuple[str, str]]:
    """What is left in percent in place of what is gone, or what there is now in place of what came on top."""
    asked, step = _BY_PERCENT.search(solution.question), solution.answer.step
    if asked is None or not content.strip().isdigit():
        return
    text = " ".join((*solution.steps[max(0, step - 1) : step], solution.steps[step][: solution.answer.start]))
    found = list(_PART.finditer(text))
    if not found:
        return
    last = found[-1]
    part = Fraction(last["decimal"]) if last["decimal"] else Fraction(int(last["above"]), int(last["below"]) or 1)
    change, whole, shown = int(content), part * 100, last["decimal"] or last.group()
    is_loss = asked["way"].lower() == "decreas"
    if whole.denominator == 1 and abs(whole - 100) == change and is_loss == (part < 1) and whole != change:
        told = (
            f"${whole}$ percent is what is {'left' if is_loss else 'there afterwards'}, ${shown}$ of the amount before"
        )
        change_told = f"the {'decrease' if is_loss else 'increase'} is ${content.strip()}$ percent"
        yield str(whole), f"{told}; {change_told}."
