"""Read what `build-sft` wrote, check it, and say of every problem whether it is held out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from lemma.config import BuildSftConfig
from lemma.exceptions import DataError
from lemma.formats import record_kinds
from lemma.models.chat_template import Message
from lemma.records import SegmentKind, content_id
from lemma.rundir.lines import read_lines
from lemma.training.token_labels import Part

_ANSWERS = {"sft": "completion", "dpo": "chosen", "prm": "completions"}
_REBUILD = "make the records again: lemma build-sft --fresh"
_SEGMENT_KINDS = get_args(SegmentKind)


@dataclass(frozen=True)
class Line:
    """A line of a record file, and where it stands, for messages."""

    kind: str
    place: str
    values: dict[str, Any]

    @property
    def id(self) -> str:
        return content_id(self.place, repr(self.values))

    def held_out(self, seed: int, share: float) -> bool:
        """Whether the record's problem is among the held-out ones: all its records, of any kind, are on one side.

        A record that names no problem goes by its prompt.
        """
        problem = self.values.get("problem_id") or self.messages("prompt")[0]["content"]
        return int(content_id(str(seed), str(problem)), 16) < share * 2**64

    def error(self, what: str) -> DataError:
        return DataError(f"{self.place}: {what}; {_REBUILD}")

    def messages(self, name: str) -> list[Message]:
        """A field in TRL's conversational form; a plain text counts as the user's."""
        value = self.values.get(name)
        if isinstance(value, str):
            return [{"role": "user", "content": value}]
        if isinstance(value, list) and value and all(_is_message(message) for message in value):
            return [{"role": message["role"], "content": message["content"]} for message in value]
        raise self.error(f"no usable {name!r}, expected text or a list of messages with role and content")

    def conversation(self, objective: str) -> list[Message]:
        """Prompt and answer as one conversation."""
        name = _ANSWERS[objective]
        steps = self.values.get(name)
        answer = "\n".join(map(str, steps)) if objective == "prm" and isinstance(steps, list) else self.text(name)
        return [*self.messages("prompt"), {"role": "assistant", "content": answer}]

    def text(self, name: str) -> str:
        """What the assistant says in a field: text, or a list of one message."""
        value = self.values.get(name)
        if isinstance(value, list) and len(value) == 1 and _is_message(value[0]):
            value = value[0]["content"]
        if not isinstance(value, str) or not value.strip():
            raise self.error(f"no usable {name!r}, expected text or a list of one message")
        return value

    def parts(self, completion: str, required: bool) -> list[Part]:
        """The spans of the completion, in order. Without spans all of it is a `response`, unless they are required."""
        segments = self.values.get("segments")
        if segments is None:
            if required:
                raise self.error("no 'segments', which --mask and --error-weight need")
            return [Part("response", 0, len(completion))]
        parts = [self._part(segment) for segment in segments] if isinstance(segments, list) else []
        edges = [edge for part in parts for edge in (part.start, part.end)]
        if not edges or edges != sorted(edges) or edges[0] < 0 or edges[-1] > len(completion):
            raise self.error(f"'segments' do not lie in order within the completion's {len(completion)} characters")
        return parts

    def _part(self, segment: Any) -> Part:
        try:
            part = Part(segment["kind"], segment["start"], segment["end"])
        except (TypeError, KeyError):
            raise self.error("a segment needs kind, start and end") from None
        if part.kind not in _SEGMENT_KINDS or not isinstance(part.start, int) or not isinstance(part.end, int):
            raise self.error(f"the segment {segment!r} is none of {', '.join(_SEGMENT_KINDS)} with whole offsets")
        return part


def record_files(run: Path, objective: str, asked: Sequence[str]) -> list[Path]:
    """The record files to train on. Raises DataError when there are none, or one that was asked for is missing."""
    folder = run / "sft"
    known = [name for name, kind in record_kinds().items() if kind.objective == objective]
    for kind in asked:
        if kind not in known:
            raise DataError(f"--records {kind}: --objective {objective} trains on {', '.join(known)}")
    files = [folder / f"{kind}.jsonl" for kind in asked or known]
    there = [file for file in files if file.exists()]
    missing = [file for file in files if file not in there]
    if not there or (asked and missing):
        kinds = asked or [name for name in BuildSftConfig().records if name in known] or known
        raise DataError(
            f"{folder / kinds[0]}.jsonl is not there; make it with: "
            f"lemma build-sft --records {','.join(kinds)} --run {run}"
        )
    return there


def read_record_lines(files: Sequence[Path]) -> Iterator[Line]:
    """All lines of the files, in order. Raises DataError when a file has another shape, or all are empty."""
    empty = True
    for file in files:
        for number, values in enumerate(read_lines(file, "build-sft"), start=1):
            empty = False
            line = Line(file.stem, f"{file}, line {number}", values)
            if "prompt" not in values:
                raise DataError(
                    f"{line.place}: no 'prompt' (it has {', '.join(sorted(values))}); training reads another shape: "
                    f"lemma build-sft --shape prompt-completion --fresh"
                )
            yield line
    if empty:
        raise DataError(f"{', '.join(map(str, files))}: no records; see rejected.jsonl for why, then {_REBUILD}")


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("role"), str) and isinstance(value.get("content"), str)
