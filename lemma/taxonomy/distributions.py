"""How often to make each error type: a weight per type, measured on a model or chosen by hand.

    >>> from lemma.taxonomy.error_types import load_taxonomy
    >>> load_distribution("lemma-llama3-gsm8k", load_taxonomy())["missing_step"]
    6.8

The shipped ones are those of arXiv 2503.17439. Your own is a JSON file of labels of the taxonomy and their weights:
`{"calculation_error": 3, "missing step": 1}`, or the same under `weights`, as in the shipped ones.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from lemma.exceptions import ConfigError, did_you_mean, first_fault
from lemma.records import UNKNOWN
from lemma.resources import BUNDLED
from lemma.taxonomy.error_types import Taxonomy

_FOLDER = BUNDLED / "distributions"
UNIFORM = "uniform"


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


def _read(path: Path) -> dict[str, float]:
    try:
        content = json.loads(path.read_bytes())
        weights = content.get("weights", content) if isinstance(content, dict) else content
        return _File(weights=weights).weights
    except ValidationError as error:
        raise ConfigError(f"{path}: {first_fault(error)}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} cannot be read as JSON: {error}") from None
