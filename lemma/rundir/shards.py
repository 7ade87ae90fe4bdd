"""Shards: run directories that each hold one part of the inputs, cut by hash of the problem's id.

    lemma augment gsm8k.jsonl --shard 2/8 --run run-2

The command that reads the data keeps the problems of its shard; the commands after it find these alone in the run
directory. `lemma merge` reads shards again, input by input, with `made_in`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from lemma.exceptions import RunDirectoryError
from lemma.options import ShardConfig
from lemma.run_files import STATE
from lemma.rundir.journal import Journal, Output
from lemma.rundir.lines import NOT_YET, LineIndex, parse_line
from lemma.rundir.manifest import read_manifest


@dataclass(frozen=True)
class Shard:
    """One of `count` parts, numbered from 1."""

    number: int
    count: int

    @classmethod
    def of(cls, text: str) -> Shard:
        """The shard that `2/8` names."""
        number, _, count = text.partition("/")
        return cls(int(number), int(count))

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def holds(self, input_id: str) -> bool:
        """Whether an input belongs to this shard."""
        digest = hashlib.blake2b(input_id.encode("utf-8", "surrogatepass"), digest_size=8, person=b"lemma shard")
        return int.from_bytes(digest.digest()) % self.count == self.number - 1


def shard_in(run: Path, but: str = "") -> str | None:
    """The shard that a run directory holds, as its commands recorded it, `but` for one of them; None if it holds all.

    Raises RunDirectoryError if they recorded several.
    """
    entries = {name: entry for name, entry in read_manifest(run).items() if name != but}
    found = {entry["settings"].get("shard"): name for name, entry in entries.items() if "shard" in entry["settings"]}
    if len(found) > 1:
        said = ", ".join(f"`lemma {name}` {f'--shard {shard}' if shard else 'all'}" for shard, name in found.items())
        raise RunDirectoryError(f"{run} holds different shards ({said}); use another --run directory for each")
    return next(iter(found), None)


def in_its_shard(config: ShardConfig, reads_run: bool) -> ShardConfig:
    """The options with the shard of the run directory, if the command reads what is there (`reads_run`).

    Raises RunDirectoryError if the directory holds something else than what is asked for.
    """
    others = [name for name in read_manifest(config.run) if name != config.command]
    there = shard_in(config.run, but=config.command)
    if there == config.shard or not others:
        if reads_run and config.shard is not None and not others:
            raise RunDirectoryError(f"--shard {config.shard}: {config.run} is no shard. {_FROM_THE_START}")
        return config
    if there is None:
        raise RunDirectoryError(f"--shard {config.shard}: {config.run} holds more than a shard. {_FROM_THE_START}")
    if config.shard is None and reads_run:
        return config.model_copy(update={"shard": there})
    raise RunDirectoryError(f"{config.run} holds shard {there}: give --shard {there}, or use another --run directory")


_FROM_THE_START = "Give --shard to the command that reads the data as well, with a --run directory for each shard"


def _id_of(item: Any) -> str:
    return str(item.id)


def inputs_of(
    shard: Shard,
    items: Iterable[Any],
    journal: Journal,
    *,
    stored: bool = False,
    problem_of: Callable[[Any], str] = _id_of,
) -> Iterator[Any]:
    """The inputs of a shard, each with its place among all noted in the journal.

    All belong to it if they are `stored` in its run directory, else those whose problem, by its id, does.
    """
    assert journal.places is not None
    for place, item in enumerate(items):
        if item is NOT_YET or stored or shard.holds(problem_of(item)):
            if item is not NOT_YET and item.id not in journal.done:
                journal.places.setdefault(item.id, place)
            yield item


class Made(NamedTuple):
    """What a command made of one input: lines by file. `place` is that of the input among those of all shards."""

    place: int
    id: str
    lines: Mapping[str, bytes]


def made_in(run: Path, command: str, outputs: Sequence[Output]) -> Iterator[Made]:
    """What a command made in a shard, input by input, in order.

    Raises RunDirectoryError if a file lacks lines, or has lines that the command did not acknowledge.
    """
    state = run / STATE / f"{command}.jsonl"
    shared = {output.file: LineIndex(run / output.file, command, "id") for output in outputs if output.shared}
    with ExitStack() as files:
        own = {output.file: _own_lines(run / output.file, output, files) for output in outputs if not output.shared}
        for number, line in enumerate(files.enter_context(state.open("rb")), start=1):
            try:
                acknowledged = parse_line(line, state, number)
                inputs = list(zip(acknowledged["ids"], acknowledged["at"], strict=True))
            except (LookupError, TypeError, ValueError):
                raise RunDirectoryError(
                    f"{state}, line {number}: not as a shard records it. Rerun `lemma {command} --fresh` there"
                ) from None
            for input_id, (place, sizes) in inputs:
                made = {}
                for file, size in sizes.items():
                    if file in shared:
                        found = [shared[file].find(line_id) for line_id in size]
                    else:
                        found = [next(own[file], None) for _ in range(size)]
                    lines = [line for line in found if line is not None]
                    if len(lines) < len(found):
                        raise RunDirectoryError(
                            f"{run / file} lacks lines of {input_id}. Restore a copy of it, or rerun `lemma {command} "
                            "--fresh` there"
                        )
                    made[file] = b"".join(line if line.endswith(b"\n") else line + b"\n" for line in lines)
                yield Made(place, input_id, made)
        for file, rest in own.items():
            if next(rest, None) is not None:
                raise RunDirectoryError(f"{run / file} has lines that `lemma {command}` did not write; move them away")


def _own_lines(path: Path, output: Output, files: ExitStack) -> Iterator[bytes]:
    """The lines of a file that a command made."""
    if not path.exists():
        return
    for number, line in enumerate(files.enter_context(path.open("rb")), start=1):
        values = parse_line(line, path, number)
        if output.input_of is None or output.input_of(values) is not None:
            yield line
