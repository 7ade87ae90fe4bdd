"""At which step of a solution the first error is: counts by number of steps, measured on real solutions.

    >>> places = load_places("real")
    >>> [round(share, 2) for share in places.shares(4)]
    [0.22, 0.37, 0.28, 0.14]

`real` was measured on solutions of several models whose first wrong step people marked. With `uniform`, every step is
equally likely. Your own is a JSON file that `lemma analyze` writes, with counts by number of steps:
`{"places": {"3": [5, 9, 4]}}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from lemma.exceptions import ConfigError, did_you_mean, first_fault
from lemma.resources import BUNDLED

PLACES = ("first step", "between", "last step", "only step")
REAL, UNIFORM = "real", "uniform"
SHIPPED = {REAL: BUNDLED / "places" / "real.json"}
# Solutions of other lengths weigh as much as this many solutions of the length in question.
_PRIOR = 12


class _File(BaseModel):
    places: dict[Annotated[int, Field(ge=1)], tuple[Annotated[int, Field(ge=0, strict=True)], ...]]


@dataclass(frozen=True)
class Places:
    """How often the first error is at each step, by the number of steps: `{3: (5, 9, 4)}`; empty if all are alike."""

    counts: Mapping[int, Sequence[int]]

    def shares(self, steps: int) -> tuple[float, ...]:
        """The share of each step of a solution. What was counted for this number of steps is smoothed by what was
        counted for others at the same relative position.

        >>> Places({}).shares(2)
        (0.5, 0.5)
        """
        if steps not in self._known:
            counts = self.counts.get(steps, (0,) * steps)
            total = sum(counts) + _PRIOR
            smoothed = zip(counts, self._of_other_lengths(steps), strict=True)
            self._known[steps] = tuple((count + _PRIOR * share) / total for count, share in smoothed)
        return self._known[steps]

    @cached_property
    def _known(self) -> dict[int, tuple[float, ...]]:
        return {}

    def _of_other_lengths(self, steps: int) -> list[float]:
        """The shares that solutions of all lengths suggest, close lengths more than others. The last step stands apart:
        it is compared with last steps only.
        """
        shares, total = [0.0] * steps, 0.0
        for length, counts in self.counts.items():
            weight = 1 / (1 + abs(length - steps)) ** 2
            if min(length, steps) == 1:
                continue
            total += sum(counts) * weight
            shares[-1] += counts[-1] * weight
            for step, count in enumerate(counts[:-1]):
                start, end = (place * (steps - 1) / (length - 1) for place in (step, step + 1))
                for place in range(int(start), min(steps - 1, int(end) + 1)):
                    overlap = min(end, place + 1) - max(start, place)
                    shares[place] += count * weight * overlap / (end - start)
        return [share / total for share in shares] if total else [1 / steps] * steps


def place_name(step: int, steps: int) -> str:
    """Which of `PLACES` a step is, counted from 0."""
    if steps == 1:
        return PLACES[3]
    return PLACES[0] if step == 0 else PLACES[2] if step == steps - 1 else PLACES[1]


def load_places(name_or_path: str | Path) -> Places:
    """The places of a shipped name or of a file. Raises ConfigError if there is none, or if it can't be read."""
    if name_or_path == UNIFORM:
        return Places({})
    name, names = str(name_or_path), (*SHIPPED, UNIFORM)
    path = SHIPPED.get(name, Path(name))
    if not path.is_file():
        raise ConfigError(f"--places {name}: give {did_you_mean(name, names)}, or a file that `lemma analyze` writes")
    try:
        counts = _File.model_validate(json.loads(path.read_bytes())).places
    except ValidationError as error:
        raise ConfigError(f"{path}: {first_fault(error)}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} cannot be read as JSON: {error}") from None
    for steps, found in counts.items():
        if len(found) != steps:
            raise ConfigError(
                f"{path}: places.{steps} has {len(found)} counts; one for each of {steps} steps is needed"
            )
    if not any(map(sum, counts.values())):
        raise ConfigError(f"{path}: places: none is counted. Use --places {REAL}, or analyze more solutions")
    return Places(counts)
