"""The error types: one YAML file each under `error_taxonomy/`, and those in a user's own folder.

    >>> taxonomy = load_taxonomy()
    >>> taxonomy.resolve("referencing_context_value_error").id
    'context_value_error'
    >>> [error_type.id for error_type in taxonomy.select("logic,CA")]
    ['calculation_error', 'confusing_concept_error', 'contradictory_step', 'formula_confusion_error', 'missing_step']

The types are those of arXiv 2406.00755 (table 1) and arXiv 2503.17439 (section 3), whose labels resolve to ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, StringConstraints

from lemma.exceptions import ConfigError, did_you_mean
from lemma.records import UNKNOWN
from lemma.resources import Text, data_folder, read_yaml

Family = Literal["calc", "logic", "reading", "output"]
FAMILIES: tuple[Family, ...] = get_args(Family)
EVERYTHING = "all"

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")]


class WorkedExample(BaseModel):
    """A right step, and the same step with an error of the type."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: Text
    right_step: Text
    wrong_step: Text
    explanation: Text


class ErrorType(BaseModel):
    """A kind of error. `injector` names the symbolic injector that makes it, if there is one."""

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
        """The labels of the type, as pairs of field and label."""
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
        """The type with this id, name or alias, in any case, and with spaces, `_` or `-` between words.

        Parts of a label do not match. Raises ConfigError, with the nearest label, if there is no such type.
        """
        found = self.by_label.get(_fold(label))
        if found is None:
            raise ConfigError(f"there is no error type {label!r}; {self._hint(label, self.by_label)}")
        return found

    def family_of(self, error_type: str) -> str:
        """The family of a record's error type; empty if the type is unknown. Raises ConfigError as `resolve` does."""
        return "" if error_type == UNKNOWN else self.resolve(error_type).family

    def select(self, names: str | Iterable[str]) -> tuple[ErrorType, ...]:
        """The types that the names stand for. A name is a family, a type's label, or `all`.

        Comma-separated or a sequence; each type once, in the order of ids. Raises ConfigError if a name is unknown.
        """
        chosen: set[str] = set()
        for name in names.split(",") if isinstance(names, str) else names:
            folded = _fold(name)
            if folded == EVERYTHING:
                chosen.update(error_type.id for error_type in self.types)
            elif folded in FAMILIES:
                chosen.update(error_type.id for error_type in self.types if error_type.family == folded)
            elif folded in self.by_label:
                chosen.add(self.by_label[folded].id)
            elif folded:
                hint = self._hint(name, (*FAMILIES, EVERYTHING, *self.by_label))
                raise ConfigError(f"there is no error type or family {name.strip()!r}; {hint}")
        if not chosen:
            raise ConfigError(f"no error type is named; give types, or families: {', '.join(FAMILIES)}, {EVERYTHING}")
        return tuple(error_type for error_type in self.types if error_type.id in chosen)

    def _hint(self, label: str, known: Iterable[str]) -> str:
        # There are too many labels to list them all.
        hint = did_you_mean(_fold(label), known)
        return hint if hint.startswith("did you mean") else "`lemma taxonomy` lists all"


@cache
def load_taxonomy(extra: Path | None = None) -> Taxonomy:
    """The shipped types and those of the user's folder `extra`. A user's file replaces the shipped type of its name.

    Raises ConfigError, with file and field, if a file is not an error type or if two types share a label.
    """
    entries = _read_folder(data_folder("error_taxonomy"))
    if extra is not None:
        entries |= _read_folder(extra)
    types = tuple(entries[type_id][1] for type_id in sorted(entries))
    return Taxonomy(types, _index(entries))


_Entries = dict[str, tuple[Path, ErrorType]]


def _read_folder(folder: Path) -> _Entries:
    if not folder.is_dir():
        raise ConfigError(f"{folder} is not a folder; give one with a .yaml file per error type")
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise ConfigError(f"{folder} holds no .yaml file; add one per error type (see `lemma taxonomy TYPE`)")
    entries: _Entries = {}
    for path in paths:
        error_type = read_yaml(path, ErrorType)
        if error_type.id != path.stem:
            raise ConfigError(f"{path}: id: {error_type.id!r} is not the file's name; rename one of them")
        entries[path.stem] = (path, error_type)
    return entries


def _index(entries: _Entries) -> dict[str, ErrorType]:
    """The types by label. Raises ConfigError if two types share one, or if it is a family's."""
    index: dict[str, ErrorType] = {}
    for path, error_type in (entries[type_id] for type_id in sorted(entries)):
        for field, label in error_type.labels():
            folded = _fold(label)
            if folded == UNKNOWN:
                raise ConfigError(f"{path}: {field}: {label!r} stands for errors without a known type")
            if folded in FAMILIES or folded == EVERYTHING:
                raise ConfigError(f"{path}: {field}: {label!r} is the name of a family")
            if index.setdefault(folded, error_type) is not error_type:
                raise ConfigError(f"{path}: {field}: {label!r} already stands for {index[folded].id}")
    return index


def _fold(label: str) -> str:
    return re.sub(r"[\s_-]+", "_", label.strip().casefold())
