"""What a shape is: which rows have it, and which of their fields hold what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, replace
from typing import Any

from lemma.exceptions import Refusal
from lemma.problems.parts import Parts, Row, filled, text_of


@dataclass(frozen=True)
class Shape:
    """A shape of rows. Names of columns are compared without regard to case.

    `question`, `solution` and `answer` are paths or templates; of several, the first one that is there counts.
    `refine` does what paths can't say.
    """

    has: tuple[str, ...]
    """Columns that a row must have."""
    examples: Mapping[str, Row]
    """A row by each public data set or tool that has such rows: for the documentation, and to be tested."""
    question: tuple[str, ...] = ()
    solution: tuple[str, ...] = ()
    answer: tuple[str, ...] = ()
    samples: str = ""
    """Where solutions by models stand, in words, for the documentation."""
    lacks: tuple[str, ...] = ()
    """Columns that a row must not have."""
    fits_also: Callable[[Row], bool] | None = None
    """Looks into the values, if the names don't suffice."""
    refine: Callable[[Row, Parts], Parts] | None = None
    from_model: bool = False
    note: str = ""
    """What else is obeyed or refused, for the documentation."""

    def fits(self, row: Row, keys: Set[str]) -> bool:
        """Whether a row with these columns, in lower case, has this shape."""
        if not keys >= set(self.has) or keys & set(self.lacks):
            return False
        return self.fits_also is None or self.fits_also(row)

    def read(self, row: Row) -> Parts:
        """The parts of a row. Raises Refusal if it can't be used."""
        parts = Parts(
            self.first(row, self.question),
            self.first(row, self.solution),
            self.first(row, self.answer),
            from_model=self.from_model,
        )
        return self.refine(row, parts) if self.refine is not None else parts

    @staticmethod
    def first(row: Row, paths: tuple[str, ...]) -> str:
        """The text at the first path that has one."""
        for path in paths:
            if text := text_of(filled(row, path), path):
                return text
        return ""


def required(value: Any, name: str) -> str:
    """A cell's text. Raises Refusal if it is empty."""
    text = text_of(value, name)
    if not text:
        raise Refusal("empty_field", f"{name} is empty")
    return text


def without_solution(parts: Parts, why: str) -> Parts:
    """The parts with no worked solution, and the reason."""
    return replace(parts, solution="", unsolved=why)
