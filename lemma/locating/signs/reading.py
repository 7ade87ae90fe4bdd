"""A problem and a solution of it, read once for all signs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from lemma.algebra.derivation import Line, Reader
from lemma.algebra.polynomials import budget
from lemma.algebra.reading import read_text
from lemma.arithmetic.computations import Computation, StudentSolution
from lemma.arithmetic.numbers import Value, normal
from lemma.arithmetic.reference_index import Reference, with_plain_thousands
from lemma.exceptions import Refusal
from lemma.grading.verdict import exact_value
from lemma.locating.signs.plain import plain
from lemma.steps import without_annotations

_MOST_COMPUTATIONS = 200  # far more than a solution has; what comes after is not looked at
_MOST_LINES = 120  # of a solution; formulas that come after are not looked at
_STEP_NUMBER = re.compile(r"^\W*Step \d+\W*", re.IGNORECASE)
_FORMAL = re.compile(r"\\[a-zA-Z]{2,}|\$[a-zA-Z(|\\-][^$]*\$|[a-z]\^")


@dataclass(frozen=True)
class Reading:
    """A problem and a solution of it. `reference_steps` is empty if there is no worked solution."""

    question: str
    gold_answer: str
    reference_steps: tuple[str, ...]
    steps: tuple[str, ...]

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The steps without numbering and annotations."""
        return tuple(with_plain_thousands(without_annotations(_STEP_NUMBER.sub("", step))) for step in self.steps)

    @cached_property
    def gold(self) -> Value | None:
        """The gold answer, if it is a number."""
        value = exact_value(self.gold_answer)
        return None if value is None else normal(value)

    @cached_property
    def reference(self) -> Reference:
        """What the reference computes."""
        return Reference(self.question, self.reference_steps, self.gold)

    @cached_property
    def solution(self) -> StudentSolution:
        """The computations of the solution, aligned with the reference. They are read from a plainer text: good enough
        for signs, not for proofs.
        """
        return StudentSolution(tuple(map(plain, self.texts)), self.reference)

    @cached_property
    def literal_solution(self) -> StudentSolution:
        """The computations that stand in the text word for word."""
        return StudentSolution(self.texts, self.reference)

    def computations(self, step: int) -> list[Computation]:
        """The computations of a step."""
        return [one for one in self.solution.computations[:_MOST_COMPUTATIONS] if one.step == step]

    @cached_property
    def lines(self) -> list[list[Line]]:
        """The formulas of the question and of each step, and why they hold."""
        return read_lines((self.question, *self.texts))

    @cached_property
    def known_quantities(self) -> frozenset[int]:
        """Fingerprints of what the question gives, and of what the solution computes as the reference does."""
        known = set(self.solution.reference.given_fingerprints)
        for one in self.solution.computations[:_MOST_COMPUTATIONS]:
            if self.solution.has_counterpart(one):
                known |= one.fingerprints
        return frozenset(known - {0, 1})

    @cached_property
    def is_formal(self) -> bool:
        """Whether the problem is about formulas rather than a story: such problems get weights of their own."""
        return _FORMAL.search(" ".join((self.question, *map(without_annotations, self.reference_steps)))) is not None


def read_lines(texts: Sequence[str]) -> list[list[Line]]:
    """The formulas of a question and of the steps after it, text by text."""
    reader = Reader()
    found = []
    with budget.bounded():
        for step, text in enumerate(texts, -1):
            try:
                chains = read_text(text)[: max(0, _MOST_LINES - len(reader.lines))]
            except Refusal:
                chains = []
            found.append([reader.read(step, chain) for chain in chains])
    return found
