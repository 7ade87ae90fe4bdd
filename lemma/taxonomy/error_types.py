"""The error types there are: one YAML file each under `error_taxonomy/`, and a user's own folder beside it.

    >>> taxonomy = load_taxonomy()
    >>> taxonomy.resolve("referencing_context_value_error").id
    'context_value_error'
    >>> [error_type.id for error_type in taxonomy.select("logic,CA")]
    ['calculation_error', 'confusing_concept_error', 'contradictory_step', 'formula_confusion_error', 'missing_step']

The types are those of arXiv 2406.00755 (table 1) and arXiv 2503.17439 (section 3), whose labels resolve to ours.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, StringConstraints

from lemma.exceptions import ConfigError
from lemma.resources import Text, data_folder, read_yaml

Family = Literal["calc", "logic", "reading", "output"]
FAMILIES: tuple[Family, ...] = get_args(Family)
EVERYTHING = "all"

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")]


class WorkedExample(BaseModel):
    """One step done right, and the same step with an error of the type in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: Text
    right_step: Text
    wrong_step: Text
    explanation: Text


class ErrorType(BaseModel):
    """A kind of error. `injector` names the symbolic injector that makes it, where one can."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Identifier
    name: Text
    family: Family
    definition: Text
    example: WorkedExample
    source: tuple[Text, ...] = ()
    paper_names: tuple[Text, ...] = ()
    aliases: tuple[Text, ...] = ()
    injector: Identifier | None = None
    symbolic_note: str = ""

    def labels(self) -> Iterator[tuple[str, str]]:
        """What the type goes by: pairs of the field and the label that stands in it."""
        yield "id", self.id
        yield "name", self.name
        yield from (("aliases", alias) for alias in self.aliases)


@dataclass(frozen=True)
class Taxonomy:
    """Error types in the order of their ids, found by any label that a paper or its code gives them."""

    types: tuple[ErrorType, ...]
    by_label: Mapping[str, ErrorType]

    def __iter__(self) -> Iterator[ErrorType]:
        return iter(self.types)

    def __len__(self) -> int:
        return len(self.types)

    def resolve(self, label: str) -> ErrorType:
        """The type with this id, name or alias, whatever its case and whether written with spaces, `_` or `-`.

        Never by a part of a label. Raises ConfigError that names the nearest label.
        """
        found = self.by_label.get(_fold(label))
        if found is None:
            raise ConfigError(f"there is no error type {label!r}{self._hint(label, self.by_label)}")
        return found

    def select(self, names: str | Iterable[str]) -> tuple[ErrorType, ...]:
        """The types that any of the names stands for: a family, a type's label, or `all`.

        Comma-separated or a sequence; each type once, in the order of ids. Raises ConfigError for an unknown name.
        """
        parts = names.split(",") if isinstance(names, str) else names
        chosen = {found.id for part in parts if part.strip() for found in self._named(part)}
        if not chosen:
            raise ConfigError(f"no error types are named; families: {', '.join(FAMILIES)}, {EVERYTHING}")
        return tuple(error_type for error_type in self.types if error_type.id in chosen)

    def _named(self, name: str) -> tuple[ErrorType, ...]:
        folded = _fold(name)
        if folded == EVERYTHING:
            return self.types
        if folded in FAMILIES:
            return tuple(error_type for error_type in self.types if error_type.family == folded)
        if folded in self.by_label:
            return (self.by_label[folded],)
        hint = self._hint(name, (*FAMILIES, EVERYTHING, *self.by_label))
        raise ConfigError(f"there is no error type or family {name.strip()!r}{hint}")

    def _hint(self, label: str, known: Iterable[str]) -> str:
        near = difflib.get_close_matches(_fold(label), known, n=1)
        return f"; did you mean {near[0]!r}?" if near else "; `lemma taxonomy` lists them all"


@cache
def load_taxonomy(extra: Path | None = None) -> Taxonomy:
    """The shipped types, and those of the user's folder `extra`, where a file with a shipped type's id replaces it.

    Raises ConfigError with the file and the field for anything that is not a type, or a label that two types share.
    """
    entries = _read_folder(data_folder("error_taxonomy"))
    if extra is not None:
        entries |= _read_folder(extra)
    types = tuple(entries[type_id][1] for type_id in sorted(entries))
    return Taxonomy(types, _index(entries))


_Entries = dict[str, tuple[Path, ErrorType]]


def _read_folder(folder: Path) -> _Entries:
    if not folder.is_dir():
        raise ConfigError(f"{folder} is not a folder; error types are read from a folder with one .yaml file for each")
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise ConfigError(f"{folder} holds no .yaml file; each error type is one, see `lemma taxonomy TYPE`")
    return {path.stem: (path, _read_type(path)) for path in paths}


def _read_type(path: Path) -> ErrorType:
    error_type = read_yaml(path, ErrorType)
    if error_type.id != path.stem:
        raise ConfigError(f"{path}: id: {error_type.id!r} is not the file's name; rename one of them")
    return error_type


def _index(entries: _Entries) -> dict[str, ErrorType]:
    index: dict[str, ErrorType] = {}
    for path, error_type in (entries[type_id] for type_id in sorted(entries)):
        for field, label in error_type.labels():
            folded = _fold(label)
            if folded in FAMILIES or folded == EVERYTHING:
                raise ConfigError(f"{path}: {field}: {label!r} is the name of a family")
            if index.setdefault(folded, error_type) is not error_type:
                raise ConfigError(f"{path}: {field}: {label!r} already stands for {index[folded].id}")
    return index


def _fold(label: str) -> str:
    return re.sub(r"[\s_-]+", "_", label.strip().casefold())
