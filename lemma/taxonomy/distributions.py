"""How often to make each error type: a weight per type, measured on a model or chosen by hand.

    >>> from lemma.taxonomy.error_types import load_taxonomy
    >>> load_distribution("lemma-llama3-gsm8k", load_taxonomy())["missing_step"]
    6.8

The shipped ones are those of arXiv 2503.17439. Your own is a JSON file of labels of the taxonomy and their weights:
`{"calculation_error": 3, "missing step": 1}`, or the same under `weights`, as in the shipped ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, Field, ValidationError

from lemma.exceptions import ConfigError, did_you_mean, first_fault
from lemma.records import UNKNOWN
from lemma.resources import BUNDLED
from lemma.taxonomy.error_types import Taxonomy

_FOLDER = BUNDLED / "distributions"
UNIFORM = "uniform"
PARTS = 1 << 12
MOST = 0.25
"""The largest share of a type, if none was asked for."""
LEAST_KEPT = 0.6
"""The share of the records that is kept all the same, if too few types could be made."""
TOLERANCE = 0.015
"""How far a share may be from what was asked for, before the rounding to whole parts and records."""


class _File(BaseModel):
    weights: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False, strict=True)]]


def shipped_distributions() -> tuple[str, ...]:
    """The names that `load_distribution` knows without a file."""
    return (*sorted(path.stem for path in _FOLDER.glob("*.json")), UNIFORM)


def load_distribution(name_or_path: str | Path, taxonomy: Taxonomy) -> dict[str, float]:
    """Weights by type id, in the order of the taxonomy, not normalized; a type that is not listed has none.

    A weight of `unknown` is ignored: errors without a type cannot be made. Raises ConfigError if the name or a label is
    unknown, the file cannot be read, a weight is negative or not finite, or all weights are zero.
    """
    if name_or_path == UNIFORM:
        return {error_type.id: 1.0 for error_type in taxonomy}
    name, shipped = str(name_or_path), shipped_distributions()
    path = _FOLDER / f"{name}.json" if name in shipped else Path(name)
    if not path.is_file():
        hint = did_you_mean(name, shipped)
        raise ConfigError(f"there is no distribution {name!r}; give a JSON file or a shipped one ({hint})")
    by_type: dict[str, float] = {}
    for label, weight in _read(path).items():
        if label == UNKNOWN:
            continue
        try:
            type_id = taxonomy.resolve(label).id
        except ConfigError as error:
            raise ConfigError(f"{path}: weights: {error}") from None
        if type_id in by_type:
            raise ConfigError(f"{path}: weights: {label!r} is {type_id}, which already has a weight")
        by_type[type_id] = weight
    if not any(by_type.values()):
        raise ConfigError(
            f"{path}: weights: none is above zero. If `lemma analyze` found no error of a known type, rerun it with "
            "--teacher, or leave out --distribution"
        )
    return {error_type.id: by_type[error_type.id] for error_type in taxonomy if error_type.id in by_type}


@dataclass(frozen=True)
class Thinning:
    """Which records to keep so that the types have the shares that were asked for, told by their ids alone.

    Ids are hashes, so the first so many of `PARTS` parts of all ids are that share of the records, wherever they stand.
    """

    kept: Mapping[str, int]

    def keeps(self, kind: str, record_id: str) -> bool:
        """Whether a record is kept."""
        return part_of(record_id) < self.kept.get(kind, 0)

    @classmethod
    def of(cls, weights: Mapping[str, float], available: Mapping[str, Mapping[int, int]]) -> Self:
        """The thinning for these weights, if so many records of each type are available in each part."""
        return cls._to(
            largest_mix(weights, {kind: sum(parts.values()) for kind, parts in available.items()}), available
        )

    @classmethod
    def capped(cls, available: Mapping[str, Mapping[int, int]]) -> Self | None:
        """The thinning by which no type has more than `MOST` of all records, or as near to that as `LEAST_KEPT` of them
        allow; None if nothing has to be left out.
        """
        counts = {kind: sum(parts.values()) for kind, parts in available.items()}
        cap, least = max(counts.values(), default=0), LEAST_KEPT * sum(counts.values())

        def kept(cap: int) -> int:
            return sum(min(count, cap) for count in counts.values())

        while cap > MOST * kept(cap) and kept(cap - 1) >= least:
            cap -= 1
        if not cap or cap == max(counts.values()):
            return None
        return cls._to({kind: min(count, cap) for kind, count in counts.items()}, available)

    @classmethod
    def _to(cls, wanted: Mapping[str, int], available: Mapping[str, Mapping[int, int]]) -> Self:
        kept = {}
        for kind, count in wanted.items():
            found = list(accumulate(available[kind].get(part, 0) for part in range(PARTS)))
            # The number of parts that comes nearest to the count, and all of them if nothing is left out.
            nearest = min(range(PARTS), key=lambda parts: abs((found[parts - 1] if parts else 0) - count))
            kept[kind] = PARTS if count >= found[-1] else nearest
        return cls(kept)


def part_of(record_id: str) -> int:
    """The part of all ids that one belongs to, from 0 to `PARTS` - 1."""
    return int(record_id[:3], 16)


def largest_mix(weights: Mapping[str, float], available: Mapping[str, int]) -> dict[str, int]:
    """How many to keep of each type, so that all shares are within `TOLERANCE` of the weights and as many as possible
    are kept. A type of which there is none at all is left out, and the others share its part.

    >>> largest_mix({"a": 1, "b": 1}, {"a": 900, "b": 97})
    {'a': 103, 'b': 97}
    """
    there = {kind: weight for kind, weight in weights.items() if available.get(kind)}
    shares = {kind: weight / sum(there.values()) for kind, weight in there.items()}

    def most(kind: str, total: int) -> float:
        return min(available[kind], (shares[kind] + TOLERANCE) * total)

    def is_possible(total: int) -> bool:
        enough = all((share - TOLERANCE) * total <= available[kind] for kind, share in shares.items())
        return enough and sum(most(kind, total) for kind in shares) >= total

    total, too_many = 0, sum(available[kind] for kind in shares) + 1
    while too_many - total > 1:
        middle = (total + too_many) // 2
        total, too_many = (middle, too_many) if is_possible(middle) else (total, middle)
    # What scarce types lack is made up by the others, by as many points each as possible.
    mix = {kind: min(available[kind], shares[kind] * total) for kind in shares}
    room = {kind: most(kind, total) - mix[kind] for kind in shares}
    part = (total - sum(mix.values())) / (sum(room.values()) or 1)
    return {kind: round(mix[kind] + part * room[kind]) for kind in shares}


def _read(path: Path) -> dict[str, float]:
    try:
        content = json.loads(path.read_bytes())
        weights = content.get("weights", content) if isinstance(content, dict) else content
        return _File(weights=weights).weights
    except ValidationError as error:
        raise ConfigError(f"{path}: {first_fault(error)}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} cannot be read as JSON: {error}") from None
