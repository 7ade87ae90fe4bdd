"""Samples that lm-evaluation-harness logs: the row of the data set is in `doc`, the outputs are in `resps`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from lemma.problems.parts import Parts, Row, Sample, text_of, value_at
from lemma.problems.shapes import columns
from lemma.problems.shapes.shape import Shape


def refine(row: Row, _parts: Parts) -> Parts:
    doc = value_at(row, "doc")
    parts = columns.SHAPE.read(doc)
    samples = tuple(Sample("student", text) for text in _texts(value_at(row, "resps")))
    answer = parts.answer or text_of(value_at(row, "target"), "target")
    return replace(parts, answer=answer, samples=samples)


def _texts(value: Any) -> Iterator[str]:
    """The texts of lists in lists."""
    for part in value if isinstance(value, list | tuple) else ():
        if isinstance(part, str):
            yield part
        else:
            yield from _texts(part)


_Q, _WORKED = "Ada has 3 pens and buys 4. How many has she?", "She has 3 + 4 = 7 pens."

SHAPE = Shape(
    has=("doc", "resps"),
    fits_also=lambda row: isinstance(value_at(row, "doc"), Mapping),
    question=("doc.question",),
    solution=("doc.answer",),
    answer=("target",),
    samples="`resps`",
    refine=refine,
    examples={
        "lm-evaluation-harness": {
            "doc_id": 0, "doc": {"question": _Q, "answer": f"{_WORKED}\n#### 7"}, "target": f"{_WORKED}\n#### 7",
            "arguments": [[_Q, {}]], "resps": [[f"{_WORKED} The answer is 7."]], "filtered_resps": ["7"],
        },
    },
)  # fmt: skip
