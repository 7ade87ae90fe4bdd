"""Read what `build-sft` wrote, check it, and decide for every problem whether it is held out."""

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
_REBUILD = "rebuild the records: lemma build-sft --fresh"
_SEGMENT_KINDS = get_args(SegmentKind)


@dataclass(frozen=True)
class Line:
    """A line of a record file: the kind of record, where the line is (for messages), and its values."""

    kind: str
    place: str
    values: dict[str, Any]

    @property
    def id(self) -> str:
        return content_id(self.place, repr(self.values))

    def held_out(self, seed: int, share: float) -> bool:
        """Whether the record's problem is held out: all records of a problem, of any kind, are on one side.

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
        if segments is None and required:
            raise self.error("no 'segments', which --mask and --error-weight need")
        if segments is None:
            return [Part("response", 0, len(completion))]
        parts = []
        for segment in segments if isinstance(segments, list) else []:
            try:
                part = Part(segment["kind"], segment["start"], segment["end"])
            except (TypeError, KeyError):
                raise self.error("a segment needs kind, start and end") from None
            if part.kind not in _SEGMENT_KINDS or not all(isinstance(edge, int) for edge in (part.start, part.end)):
                kinds = ", ".join(_SEGMENT_KINDS)
                raise self.error(f"segment {segment!r}: expected one of {kinds}, with whole numbers as offsets")
            parts.append(part)
        edges = [0, *(edge for part in parts for edge in (part.start, part.end)), len(completion)]
        if not parts or edges != sorted(edges):
            raise self.error(f"'segments' are not in order within the completion's {len(completion)} characters")
        return parts


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("role"), str) and isinstance(value.get("content"), str)


def kinds_for(objective: str) -> list[str]:
    """The record kinds that an objective trains on."""
    return [name for name, kind in record_kinds().items() if kind.objective == objective]


def record_files(run: Path, objective: str, asked: Sequence[str]) -> list[Path]:
    """The record files to train on: those asked for, else all that fit the objective.

    Raises DataError if there are none, or if one that was asked for is missing.
    """
    fitting = kinds_for(objective)
    unfit = set(asked) - set(fitting)
    if unfit:
        raise DataError(f"--records {min(unfit)}: --objective {objective} trains on {', '.join(fitting)}")
    files = [run / "sft" / f"{name}.jsonl" for name in asked or fitting]
    missing = [file for file in files if not file.exists()]
    if asked and missing:
        raise _not_built(missing[0], asked, run)
    if len(missing) == len(files):
        # Nothing was asked for: propose the kinds that build-sft makes by default.
        usual = [name for name in BuildSftConfig().records if name in fitting] or fitting
        raise _not_built(run / "sft" / f"{usual[0]}.jsonl", usual, run)
    return [file for file in files if file not in missing]


def _not_built(file: Path, kinds: Sequence[str], run: Path) -> DataError:
    return DataError(f"{file} is missing; build it with: lemma build-sft --records {','.join(kinds)} --run {run}")


def read_record_lines(files: Sequence[Path]) -> Iterator[Line]:
    """All lines of the files, in order. Raises DataError if a file has another shape, or all are empty."""
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
