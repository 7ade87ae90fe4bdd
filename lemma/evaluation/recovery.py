"""Suite `recovery`: what a model does after a prefix that ends in a wrong step, injected or its own.

Injected errors are fresh symbolic ones, of every type. Own errors are the first wrong steps of the model's drawn
samples, where they can be proved, whatever became of them afterwards: taking only those of failed solutions would ask
about errors known to be missed. Beside them stands the same problem with a right prefix of the same length. What models
trained on injected errors lack is recovery from their own (arXiv 2512.02389), so the distance of the two is reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lemma.evaluation.figures import Figure, Part, Rows, Terms, is_right, share_of
from lemma.evaluation.metrics import Array, share
from lemma.evaluation.outputs import Condition, first_wrong_step
from lemma.steps import split_steps
from lemma.trajectories.detection import find_reflection

WRONG_PREFIXES: tuple[Condition, ...] = ("injected", "own")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Prefix:
    """The beginning of a solution that a model is to go on with. For a wrong one, `right_step` is what its last step
    should have been, where that is known; for a right one `wrong_step` is empty.
    """

    condition: Condition
    steps: tuple[str, ...]
    error_type: str | None = None
    right_step: str | None = None

    @property
    def last(self) -> str:
        """The step at the end: the wrong one, if it is a wrong prefix."""
        return self.steps[-1]


def own_prefixes(question: str, reference: Sequence[str], samples: Sequence[str]) -> Iterator[Prefix]:
    """Prefixes that end in the first wrong step of a sample, each once."""
    seen = set()
    for text in samples:
        turn = find_reflection(text)
        steps = split_steps(text if turn is None else text[: turn.start])
        wrong = first_wrong_step(question, steps)
        if wrong is None or steps[: wrong + 1] in seen:
            continue
        seen.add(steps[: wrong + 1])
        yield Prefix("own", steps[: wrong + 1], None, _counterpart(steps[wrong], reference))


def _counterpart(wrong: str, reference: Sequence[str]) -> str | None:
    """The reference's step that begins as a wrong one does, up to its first number; None where not just one does."""
    opening = _NUMBER.split(wrong, maxsplit=1)[0]
    alike = [step for step in reference if opening.strip() and _NUMBER.split(step, maxsplit=1)[0] == opening]
    return alike[0] if len(alike) == 1 else None


def recovery_facts(prefix: Prefix, output: str) -> dict[str, float]:
    """What an output did about the prefix that it was given.

    `recognised`: it reflects before it writes another step. `corrected`, of those that did: a later step has the result
    that the wrong one should have had. `parroted`: the next step of substance repeats the wrong one or its result.
    """
    turn = find_reflection(output)
    recognised = turn is not None and not output[: turn.start].strip()
    facts = {"recognised": float(recognised)}
    if prefix.condition == "right_prefix":
        return facts
    after = split_steps(output[turn.end :] if turn is not None and recognised else output)
    wrong = _result(prefix.last)
    facts["parroted"] = float(bool(after) and (_words(after[0]) == _words(prefix.last) or _redone(prefix, after[0])))
    if recognised and prefix.right_step is not None and _result(prefix.right_step) != wrong:
        facts["corrected"] = float(any(_result(step) == _result(prefix.right_step) for step in after))
    return facts


def _redone(prefix: Prefix, step: str) -> bool:
    """Whether a step works the same thing out to the same wrong result."""
    opening = _NUMBER.split(prefix.last, maxsplit=1)[0].strip()
    return bool(opening) and step.startswith(opening) and _result(step) == _result(prefix.last)


def _result(step: str) -> str | None:
    numbers = _NUMBER.findall(step)
    return numbers[-1] if numbers else None


def _words(text: str) -> list[str]:
    return text.lower().split()


def _fact(name: str) -> Part:
    return lambda row: row.facts.get(name)


def _distance(part: Part) -> Terms:
    def terms(rows: Rows) -> Sequence[float]:
        sums = []
        for condition in WRONG_PREFIXES:
            known = [float(value) for row in rows if row.condition == condition and (value := part(row)) is not None]
            sums += [sum(known), float(len(known))]
        return sums

    return terms


def _gap(totals: Array) -> Array:
    return share(totals[..., 0], totals[..., 1]) - share(totals[..., 2], totals[..., 3])


def _figures() -> Iterator[Figure]:
    breakdowns = {"injected": ("error type", "steps"), "own": ("steps",)}
    for condition in WRONG_PREFIXES:
        by = breakdowns[condition]
        yield share_of(f"{condition}: recognised", (condition,), _fact("recognised"), by)
        yield share_of(f"{condition}: corrected, if recognised", (condition,), _fact("corrected"), by)
        yield share_of(f"{condition}: error repeated", (condition,), _fact("parroted"))
        yield share_of(f"{condition}: right in the end", (condition,), is_right, by)
    yield share_of("right prefix: right in the end", ("right_prefix",), is_right, ("steps",))
    yield share_of("right prefix: false reflection", ("right_prefix",), _fact("recognised"), ("steps",))
    yield Figure("injected - own: recognised", WRONG_PREFIXES, _distance(_fact("recognised")), _gap, 4)
    yield Figure("injected - own: right in the end", WRONG_PREFIXES, _distance(is_right), _gap, 4)


FIGURES = tuple(_figures())
