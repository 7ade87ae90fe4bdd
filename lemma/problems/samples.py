"""Solutions by models in a row, whatever its shape, and solutions that are known to have an error in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from lemma.exceptions import Refusal
from lemma.problems.chat import is_conversation, last_text
from lemma.problems.gold import gold_in
from lemma.problems.parts import Parts, Row, Sample, value_at

_LISTS = ("solutions", "responses", "completions", "samples", "generations", "generated_solutions", "outputs", "code")
_TEXTS = ("response", "completion", "model_solution", "prediction", "generated_text", "model_output", "output")


def samples_in(row: Row) -> Iterator[Sample]:
    """Solutions by model: objects with a `solution` under the model's name, a list of texts, or one text."""
    for name, value in row.items():
        if isinstance(value, Mapping) and isinstance(value.get("solution"), str):
            yield Sample(str(name), value["solution"])
    stated = value_at(row, "model")
    model = stated if isinstance(stated, str) else "student"
    for name in _LISTS:
        values = value_at(row, name)
        if isinstance(values, list | tuple) and not is_conversation(values):
            yield from (Sample(model, text) for text in values if isinstance(text, str))
    for name in _TEXTS:
        value = value_at(row, name)
        if isinstance(value, str) or is_conversation(value):
            yield Sample(model, last_text(value, name))


def without_written_error(row: Row, parts: Parts) -> Parts:
    """The parts of one of lemma's own records: the answer that it ends with, but not its steps, of which one is wrong.

    Raises Refusal if the record asks for something else than a solution.
    """
    if value_at(row, "erroneous_id") is None:
        return parts
    if "\n\nProblem:\n" in parts.question:
        raise Refusal("not_a_problem", "this record asks to check a solution; give problems.jsonl instead")
    answer = parts.answer or gold_in(parts.solution)
    unsolved = "this is a record of lemma, with an error in its solution; give problems.jsonl instead"
    return replace(parts, solution="", answer=answer, samples=(), unsolved=unsolved)
