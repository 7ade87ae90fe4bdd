"""New error types from errors that no type fits: described one by one, each kind named once (arXiv 2501.15581).

proposals = Proposals(load_taxonomy())
found = proposals.find("Wrong base of a percentage")      # known already, or None
found = proposals.add("Wrong base of a percentage", "A percentage is taken of the wrong quantity.", "reading")
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from lemma.exceptions import ConfigError, Refusal
from lemma.records import DescribedError, ErroneousSolution
from lemma.taxonomy.error_types import ErrorType, Family, Taxonomy

_MOST_WORDS = 6


@dataclass(frozen=True)
class Proposal:
    """A type that is in the taxonomy, or that is proposed."""

    id: str
    name: str
    definition: str
    family: str
    is_new: bool


class Proposals:
    """The types of the taxonomy, and those proposed so far, by their names."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._taxonomy = taxonomy
        self._new: dict[str, Proposal] = {}

    def __iter__(self) -> Iterator[Proposal]:
        """All types, in an order that only grows."""
        for kind in self._taxonomy:
            yield Proposal(kind.id, kind.name, kind.definition, kind.family, is_new=False)
        yield from self._new.values()

    def find(self, label: str) -> Proposal | None:
        """The type with this id, name or alias, None if there is none yet."""
        try:
            kind = self._taxonomy.resolve(label)
        except ConfigError:
            return self._new.get(_identifier(label))
        return Proposal(kind.id, kind.name, kind.definition, kind.family, is_new=False)

    def add(self, name: str, definition: str, family: Family) -> Proposal:
        """Propose a type. Raises Refusal if the name cannot be an id."""
        identifier = _identifier(name)
        if not identifier or len(name.split()) > _MOST_WORDS or not definition.strip():
            raise Refusal("invalid_description", f"name {name[:100]!r}: expected two to four words, and a definition")
        proposal = Proposal(identifier, name.strip(), definition.strip(), family, is_new=True)
        return self._new.setdefault(identifier, proposal)

    def remember(self, described: Iterable[DescribedError]) -> None:
        """Take in what an interrupted run has proposed."""
        for error in described:
            if error.is_new:
                proposal = Proposal(error.error_type, error.name, error.definition, error.family, is_new=True)
                self._new.setdefault(error.error_type, proposal)


def _identifier(name: str) -> str:
    words = re.findall(r"[a-z0-9]+", name.lower())
    return "_".join(words) if words and words[0][0].isalpha() else ""


def type_file(described: DescribedError, erroneous: ErroneousSolution, count: int, total: int) -> str:
    """A proposed type as the YAML file that a person reads, edits and accepts."""
    values: dict[str, Any] = {
        "id": described.error_type,
        "name": described.name,
        "family": described.family,
        "definition": described.definition,
        "source": [f"{count:,} of {total:,} described errors of the student, by {described.model}"],
        "example": {
            "question": erroneous.question,
            "right_step": described.right_step,
            "wrong_step": erroneous.steps[erroneous.located_step],
            "explanation": described.explanation,
        },
    }
    ErrorType.model_validate(values)
    return yaml.safe_dump(values, allow_unicode=True, sort_keys=False, width=110)
