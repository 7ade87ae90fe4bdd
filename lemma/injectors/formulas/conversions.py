r"""A number is written in another base, power by power, and one remainder is wrong: `999-4\cdot216 = 145`.

The powers behind it go into the wrong remainder, so the digits that follow are worked out anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lemma.arithmetic.chain_solution import ChainSolution, box_spans
from lemma.exceptions import Refusal
from lemma.injectors.formulas.misworked import CALCULATION, likely_digit_slips

_TIMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_POWER = re.compile(
    r"\$(?P<base>\d)\^\{?(?P<power>\d)\}?\s?=\s?(?P<size>\d{1,6})\$,?(?: which)?(?: can go| goes) into "
    r"(?P<into>\d{1,6}) "
    rf"(?:only )?(?P<times>(?:{'|'.join(_TIMES)}) times?)\b(?: at most)?,? leaving(?: us with)? "
    r"\$(?P<whole>\d{1,6})\s?-\s?(?P<digit>\d)\\cdot\s?(?P<unit>\d{1,6})\s?=\s?(?P<rest>\d{1,6})\$"
)
_DIGITS = re.compile(r"\\boxed\{(?P<digits>\d{2,8})_\{?(?P<base>\d)\}?\}")


@dataclass(frozen=True, slots=True)
class Power:
    """One power of the base and what is left of the number: where it stands, and the match that says so."""

    step: int
    found: re.Match[str]

    def number(self, name: str) -> int:
        """One of its numbers."""
        return int(self.found[name])


@dataclass(frozen=True, slots=True)
class WrongDigits:
    """Other remainders and digits in the steps from one power on, and the number that they make."""

    chain: int
    step: int
    written: tuple[tuple[int, int, int, str], ...]
    """The step, the place from and to, and what is written there."""
    answer: str


def propose(solution: ChainSolution, kind: str) -> Iterator[tuple[WrongDigits, str]]:
    """Wrong remainders on the way to the digits in the box, by a slip in one difference."""
    powers = _powers(solution.steps) if kind == CALCULATION else []
    box = _DIGITS.search(solution.steps[solution.answer.step], solution.answer.start)
    if box is None or len(powers) < 2 or not _is_conversion(powers, box["digits"]):
        return
    for place, power in enumerate(powers):
        whole, digit, unit, rest = (power.number(name) for name in ("whole", "digit", "unit", "rest"))
        for wrong, reason in likely_digit_slips("-", whole, digit * unit):
            change = _from(solution, powers, place, wrong, box) if isinstance(wrong, int) else None
            if change is not None:
                told = f"${whole}-{digit}\\cdot{unit}$ is ${rest}$, not ${wrong}$"
                yield change, f"{told}: ${digit}\\cdot{unit}$ is ${digit * unit}$, and {reason}."


def _powers(steps: tuple[str, ...]) -> list[Power]:
    return [Power(step, found) for step, text in enumerate(steps) for found in _POWER.finditer(text)]


def _is_conversion(powers: list[Power], digits: str) -> bool:
    """Whether powers and remainders fit together, down to the digit of the ones, and give these digits."""
    base, first = powers[0].number("base"), powers[0].number("power")
    rest = powers[0].number("into")
    for place, power in enumerate(powers):
        unit = base ** (first - place)
        said = [power.number(name) for name in ("base", "power", "size", "unit", "into", "whole", "digit", "rest")]
        if said != [base, first - place, unit, unit, rest, rest, *divmod(rest, unit)]:
            return False
        rest %= unit
    return powers[-1].number("power") == 1 and "".join(power.found["digit"] for power in powers) + str(rest) == digits


def _from(
    solution: ChainSolution, powers: list[Power], place: int, wrong: int, box: re.Match[str]
) -> WrongDigits | None:
    """The change from one power on; None if the remainder can't be one, or if a power does not go into it at all."""
    if not 0 < wrong < powers[place].number("unit"):
        return None
    digits = [power.found["digit"] for power in powers[: place + 1]]
    written = [(powers[place].step, *powers[place].found.span("rest"), str(wrong))]
    rest = wrong
    for power in powers[place + 1 :]:
        digit, left = divmod(rest, power.number("unit"))
        if not digit:
            return None
        times = f"{_TIMES[digit]} time{'s' if digit > 1 else ''}"
        now = {"into": rest, "whole": rest, "digit": digit, "rest": left, "times": times}
        written += [(power.step, *power.found.span(name), str(value)) for name, value in now.items()]
        digits.append(str(digit))
        rest = left
    answer = "".join(digits) + str(rest)
    written.append((solution.answer.step, *box.span("digits"), answer))
    shown = box.group()[len("\\boxed{") : -1].replace(box["digits"], answer, 1)
    return WrongDigits(solution.answer.chain, powers[place].step, tuple(written), shown)


def carried(solution: ChainSolution, change: WrongDigits) -> tuple[tuple[str, ...], int, str]:
    """The steps with the wrong remainder. Raises Refusal if they are not as expected."""
    steps = list(solution.steps)
    if sum(len(box_spans(text)) for text in steps) > 1:
        raise Refusal("second_box")
    for step, start, end, text in sorted(change.written, reverse=True):
        steps[step] = steps[step][:start] + text + steps[step][end:]
    powers, rest = _powers(tuple(steps)), None
    for power in powers:
        holds = power.number("whole") - power.number("digit") * power.number("unit") == power.number("rest")
        follows = rest is None or power.number("into") == power.number("whole") == rest
        is_wrong = power.step == change.step and power.found.start("rest") in {
            start for _, start, _, _ in change.written
        }
        if (
            not follows
            or (not holds and not is_wrong)
            or _TIMES[power.number("digit")] != power.found["times"].split()[0]
        ):
            raise Refusal("equations_not_as_expected", power.found.group()[:200])
        rest = power.number("rest")
    if len(powers) != len(_powers(solution.steps)):
        raise Refusal("formula_lost")
    return tuple(steps[: solution.answer.step + 1]), change.step, change.answer
