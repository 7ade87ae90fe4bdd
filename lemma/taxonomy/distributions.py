"""How often each error type is to be made: a weight for each, measured on a model or chosen by hand.

    >>> from lemma.taxonomy.error_types import load_taxonomy
    >>> load_distribution("lemma-llama3-gsm8k", load_taxonomy())["missing_step"]
    6.8

The shipped ones are those of arXiv 2503.17439. A file of one's own is JSON, labels of the taxonomy with their weights:
`{"calculation_error": 3, "missing step": 1}`, or the same under `weights`, as in the shipped ones.
"""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from lemma.exceptions import ConfigError
from lemma.resources import BUNDLED
from lemma.taxonomy.error_types import Taxonomy

_FOLDER = BUNDLED / "distributions"
UNIFORM = "uniform"

_WEIGHTS = TypeAdapter(dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False, strict=True)]])


def shipped_distributions() -> tuple[str, ...]:
    """The names that `load_distribution` knows without a file."""
    return (*sorted(path.stem for path in _FOLDER.glob("*.json")), UNIFORM)


def load_distribution(name_or_path: str | Path, taxonomy: Taxonomy) -> dict[str, float]:
    """Weights by type id, in the order of the taxonomy, not normalised; a type that is not named has none.

    Raises ConfigError for an unknown name, an unreadable file, a label that the taxonomy doesn't know, or a weight that
    is none (negative, not finite, all of them zero).
    """
    if name_or_path == UNIFORM:
        return {error_type.id: 1.0 for error_type in taxonomy}
    path = _find(str(name_or_path))
    by_type: dict[str, float] = {}
    for label, weight in _read(path).items():
        type_id = _resolve(label, taxonomy, path)
        if type_id in by_type:
            raise ConfigError(f"{path}: weights: {label!r} is {type_id}, which has a weight already")
        by_type[type_id] = weight
    if not any(by_type.values()):
        raise ConfigError(
            f"{path}: weights: no type has one above zero; give at least one, or, where `lemma analyze` found no error "
            "of a known type, ask it with --teacher, or leave --distribution out"
        )
    return {error_type.id: by_type[error_type.id] for error_type in taxonomy if error_type.id in by_type}


def _resolve(label: str, taxonomy: Taxonomy, path: Path) -> str:
    try:
        return taxonomy.resolve(label).id
    except ConfigError as error:
        raise ConfigError(f"{path}: weights: {error}") from None


def _find(name: str) -> Path:
    shipped = shipped_distributions()
    path = _FOLDER / f"{name}.json" if name in shipped else Path(name)
    if not path.is_file():
        near = difflib.get_close_matches(name, shipped, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"give a JSON file or one of: {', '.join(shipped)}"
        raise ConfigError(f"there is no distribution {name!r}; {hint}")
    return path


def _read(path: Path) -> dict[str, float]:
    try:
        content = json.loads(path.read_bytes())
        weights = content.get("weights", content) if isinstance(content, dict) else content
        return _WEIGHTS.validate_python(weights)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(("weights", *map(str, first["loc"])))
        raise ConfigError(f"{path}: {field}: {first['msg']}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} can't be read as JSON: {error}") from None
