"""`lemma merge`: run directories of shards as one, with the bytes of one run over everything.

    lemma augment gsm8k.jsonl --shard 1/2 --run run-1
    lemma augment gsm8k.jsonl --shard 2/2 --run run-2
    lemma merge run-1 run-2 --run all

All shards must be there, each once and complete, made by the same version with the same settings from the same data.
Each command is merged through the journal, as if it had run: a killed merge resumes where it stopped, a rerun of the
command finds nothing to do, and commands that look at all records, such as `build-sft`, can follow.
"""

from __future__ import annotations

import heapq
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from lemma.config import MergeConfig
from lemma.declaration import Command, command_named
from lemma.engine.progress import new_progress
from lemma.engine.summary import Summary
from lemma.exceptions import ConfigError, RunDirectoryError
from lemma.options import ShardConfig, StageConfig
from lemma.run_files import CENSUS, EVALUATIONS, MANIFEST, PROBLEMS, RESPONSES, RUN_FILES, STATE
from lemma.rundir.counts import Counts
from lemma.rundir.directory import RunDirectory
from lemma.rundir.journal import Chunk, Journal, rejections_of
from lemma.rundir.lines import fingerprint, read_stored_lines
from lemma.rundir.manifest import Entry, counts_of, read_manifest, version_of
from lemma.rundir.responses import copy_responses
from lemma.rundir.settings import comparable
from lemma.rundir.shards import Made, Shard, made_in, shard_in

_INPUTS_PER_CHUNK = 1024


@dataclass(frozen=True)
class ShardRun:
    """The run directory of a shard, and what its commands recorded."""

    run: Path
    shard: Shard
    entries: Mapping[str, Entry]

    @cached_property
    def fingerprints(self) -> dict[str, str]:
        """The fingerprints of its files, by their names."""
        return {file.name: fingerprint(file.path(self.run)) for file in RUN_FILES if file.path(self.run).exists()}

    def made(self, command: Command) -> Iterator[Made]:
        """What a command made here, input by input."""
        return made_in(self.run, command.name, (*command.outputs(), rejections_of(command.name)))


def merge(config: MergeConfig, console: Console) -> Summary:
    """Merge all commands and evaluations of the shards, in the order in which they ran there."""
    if not config.shards:
        raise ConfigError("merge needs the run directories of all shards: lemma merge run-1 run-2 --run all")
    runs = [Path(name) for name in config.shards]
    summaries = []
    with new_progress(console) as progress:
        evaluations = _evaluations(runs)
        if any((run / MANIFEST).is_file() for run in runs) or not evaluations:
            summaries = _merge_directory(config, runs, progress)
        for folder in evaluations:
            into = config.model_copy(update={"run": config.run / folder})
            summaries += _merge_directory(into, [run / folder for run in runs], progress)
    return Summary(
        made={noun: count for one in summaries for noun, count in one.made.items()},
        rejected={reason: count for one in summaries for reason, count in one.rejected.items()},
        files=tuple(dict.fromkeys(file for one in summaries for file in one.files)),
        next=summaries[-1].next if summaries else (),
        tallies=tuple(tally for one in summaries for tally in one.tallies),
        notes=tuple(note for one in summaries for note in one.notes),
    )


def _evaluations(runs: Sequence[Path]) -> list[str]:
    """The folders of evaluations that ran in shards. Raises RunDirectoryError if one is not in all run directories."""
    found = {
        str(manifest.parent.relative_to(run)): run
        for run in reversed(runs)
        for manifest in sorted(run.glob(f"{EVALUATIONS}/*/{MANIFEST}"))
        if shard_in(manifest.parent) is not None
    }
    for folder in sorted(found):
        for run in runs:
            if not (run / folder / MANIFEST).is_file():
                raise RunDirectoryError(f"{run} lacks {folder}, which is in {found[folder]}")
    return sorted(found)


def _merge_directory(config: MergeConfig, runs: Sequence[Path], progress: Progress) -> list[Summary]:
    """Merge what ran in run directories, or in folders of evaluations. Returns a summary per command."""
    shards = _shards(config, runs)
    names = _commands(shards)
    summaries = []
    with RunDirectory(config.run).hold() as hold:
        census = next((one.run / CENSUS for one in shards if (one.run / CENSUS).exists()), None)
        if census is not None and not (config.run / CENSUS).exists():
            (config.run / STATE).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(census, config.run / CENSUS)
        for name in names:
            stage = _stage(config, shards, name)
            command = command_named(name).with_options(stage)
            inputs = _inputs(config.run, shards, name)
            with RunDirectory(config.run, hold).open_stage(stage, command.outputs(), inputs) as journal:
                _merge_command(command, shards, _in_order(command, shards, inputs, config.run), journal, progress)
                summaries.append(_summary(command, stage, journal))
        stores = [one.run / RESPONSES for one in shards if (one.run / RESPONSES).exists()]
        if stores:
            copy_responses(stores, config.run / RESPONSES)
    if others := sorted({name for one in shards for name in one.entries} - set(names)):
        left_out = f"not merged, as it looks at all records: {', '.join(others)}. Run it on {config.run}"
        summaries[-1] = replace(summaries[-1], notes=(*summaries[-1].notes, left_out))
    return summaries


def _summary(command: Command, stage: StageConfig, journal: Journal) -> Summary:
    """What one command made, with its name, and the files that it writes at the end."""
    if command.closing is not None:
        found, name = command.closing(stage, journal), f"{command.name} {stage.run.name}"
    else:
        finished = command.finish(stage, journal.counts) if command.finish else ()
        files = (*(file.path(stage.run) for file in command.writes), *finished)
        found, name = Summary({}, {}, files, command.next_words(stage)), command.name
    return replace(
        found,
        made={f"{noun} ({name})": count for noun, count in journal.made.items()},
        rejected={f"{reason} ({name})": count for reason, count in journal.rejected.items()},
    )


def _shards(config: MergeConfig, runs: Sequence[Path]) -> list[ShardRun]:
    """The shards in order. Raises RunDirectoryError if one is missing, there twice, or no shard."""
    found: dict[int, ShardRun] = {}
    for run in runs:
        if not (run / MANIFEST).is_file():
            raise RunDirectoryError(f"{run} is no run directory: there is no {MANIFEST}")
        if run.resolve() == config.run.resolve():
            raise ConfigError(f"--run {config.run} is one of the shards; merge into another directory")
        entries, text = read_manifest(run), shard_in(run)
        if text is None:
            raise RunDirectoryError(f"{run} is no shard: {', '.join(map(_typed, entries))} ran without --shard")
        shard = Shard.of(text)
        one = ShardRun(run, shard, entries)
        first = next(iter(found.values()), one)
        if shard.count != first.shard.count:
            raise RunDirectoryError(f"{run} is shard {shard}, but {first.run} is shard {first.shard}")
        if shard.number in found:
            raise RunDirectoryError(f"{found[shard.number].run} and {run} are both shard {shard}")
        if version_of(run) != version_of(first.run):
            raise RunDirectoryError(
                f"{run} was made by lemma {version_of(run)}, but {first.run} by {version_of(first.run)}; make all "
                "shards with one version"
            )
        found[shard.number] = one
    count = next(iter(found.values())).shard.count
    missing = [f"{number}/{count}" for number in range(1, count + 1) if number not in found]
    if missing:
        raise RunDirectoryError(f"shard {', '.join(missing)} is missing: give the run directories of all {count}")
    return [found[number] for number in sorted(found)]


def _typed(name: str) -> str:
    return f"`lemma {name}`"


def _commands(shards: Sequence[ShardRun]) -> list[str]:
    """The commands to merge, in the order in which they began.

    Raises RunDirectoryError if a command is not complete in a shard, or if shards differ in commands or their order.
    """
    first = shards[0]
    orders = []
    for one in shards:
        mergeable = [name for name in one.entries if issubclass(command_named(name).config, ShardConfig)]
        for name in mergeable:
            if one.entries[name]["status"] != "complete":
                raise RunDirectoryError(f"{one.run}: {_typed(name)} is not complete; rerun it there")
        orders.append(sorted(mergeable, key=lambda name, one=one: int(one.entries[name].get("number", 0))))  # type: ignore[misc]
        for name in set(orders[0]) ^ set(orders[-1]):
            there, lacking = (first, one) if name in orders[0] else (one, first)
            raise RunDirectoryError(f"{lacking.run} lacks {_typed(name)}, which ran in {there.run}")
        if orders[-1] != orders[0]:
            raise RunDirectoryError(
                f"{one.run} ran {', '.join(orders[-1])} in this order, but {first.run} ran {', '.join(orders[0])}; "
                "rerun the last ones with --fresh, in the same order"
            )
    return orders[0]


def _stage(config: MergeConfig, shards: Sequence[ShardRun], name: str) -> StageConfig:
    """The options of a command, as one run over everything has them. Raises RunDirectoryError if shards differ."""
    kind = command_named(name).config
    assert issubclass(kind, ShardConfig)
    first = shards[0]
    wanted = comparable(first.entries[name]["settings"], kind)
    for one in shards[1:]:
        settings = comparable(one.entries[name]["settings"], kind)
        for option in sorted({*wanted, *settings} - {"shard"}):
            _refuse_unless_equal((first, one), name, option, (wanted.get(option), settings.get(option)))
    known = {option: value for option, value in first.entries[name]["settings"].items() if option in kind.model_fields}
    return kind.lenient({**known, "shard": None, "run": config.run, "fresh": config.fresh})


def _inputs(run: Path, shards: Sequence[ShardRun], name: str) -> dict[str, str]:
    """What one run over everything would have recorded as the command's inputs.

    Fingerprints of a shard's own files become those of the merged ones; all others must be the same in all shards.
    """
    found = {}
    first = shards[0]
    for key, value in first.entries[name]["inputs"].items():
        values = [one.entries[name]["inputs"].get(key) for one in shards]
        own = [
            file
            for file in first.fingerprints
            if all(one.fingerprints.get(file) == of for one, of in zip(shards, values, strict=True))
        ]
        file = key if key in own else next(iter(own), None)
        if file is not None:
            found[key] = fingerprint(run / file)
            continue
        for one, of in zip(shards, values, strict=True):
            if of != one.fingerprints.get(key, of):
                raise RunDirectoryError(f"{one.run / key} is not what {_typed(name)} read; rerun it there with --fresh")
            _refuse_unless_equal((first, one), name, key, (value, of))
        found[key] = value
    return found


def _in_order(command: Command, shards: Sequence[ShardRun], inputs: Mapping[str, str], run: Path) -> Iterator[Made]:
    """What the shards made of each input, in the order of one run over everything."""
    reads, stored = command.reads, PROBLEMS.path(run)
    if reads is None and stored.exists() and inputs.get("data") == fingerprint(stored):
        reads = PROBLEMS  # the problems of the run directory, not those of a file
    if reads is None:
        return heapq.merge(*(one.made(command) for one in shards), key=lambda made: made.place)
    return _by_line(command, shards, reads.path(run))


def _refuse_unless_equal(two: tuple[ShardRun, ShardRun], name: str, what: str, values: tuple[Any, Any]) -> None:
    if values[0] != values[1]:
        raise RunDirectoryError(
            f"{two[1].run} has output of {_typed(name)} with {what} = {values[1]!r}, but {two[0].run} with "
            f"{values[0]!r}; make all shards with the same settings and data"
        )


def _merge_command(
    command: Command,
    shards: Sequence[ShardRun],
    in_order: Iterable[Made],
    journal: Journal,
    progress: Progress,
) -> None:
    """Append what the shards made of each input, in the order of the inputs."""
    task = progress.add_task(f"merge {command.name}", total=None, completed=len(journal.done), note="")
    was_complete, entries = journal.is_complete, [one.entries[command.name] for one in shards]
    # The counts are those of all shards; they are acknowledged with the first inputs.
    counts = Counts()
    for entry in entries:
        counts.merge(counts_of(entry))
    for several in _batched((made for made in in_order if made.id not in journal.done), _INPUTS_PER_CHUNK):
        lines: dict[str, list[bytes]] = {}
        for made in several:
            for name, content in made.lines.items():
                lines.setdefault(name, []).append(content)
        whole = {name: b"".join(parts) for name, parts in lines.items()}
        journal.append(Chunk(tuple(made.id for made in several), whole, {} if journal.counts else counts))
        progress.advance(task, len(several))
    if not was_complete:
        if counts and not journal.counts:
            journal.append(Chunk((), {}, counts))
        for name in ("asked", "about", "model"):
            facts = [entry[name] for entry in entries if name in entry]
            if facts:
                journal.remember(name, _summed(facts, journal.made) if name == "model" else facts[0])
    journal.complete()


def _batched(made: Iterator[Made], size: int) -> Iterator[list[Made]]:
    while several := list(islice(made, size)):
        yield several


def _summed(figures: Sequence[Mapping[str, Any]], made: Mapping[str, int]) -> dict[str, Any]:
    """What the model calls of all shards cost. A cost that is not known in one of them is not known."""
    total: dict[str, Any] = {"model": figures[0].get("model")}
    for name in ("calls", "prompt_tokens", "completion_tokens", "cost_usd"):
        values = [one.get(name) for one in figures]
        total[name] = None if None in values else sum(values)
    accepted = sum(count for name, count in made.items() if name != PROBLEMS.noun)
    tokens, usd = total["prompt_tokens"] + total["completion_tokens"], total["cost_usd"]
    total["tokens_per_accepted"] = round(tokens / accepted, 1) if accepted else None
    total["usd_per_accepted"] = round(usd / accepted, 6) if accepted and usd is not None else None
    return total


def _by_line(command: Command, shards: Sequence[ShardRun], path: Path) -> Iterator[Made]:
    """What was made, in the order of the lines of the merged file that the command read."""
    streams = {one.run: one.made(command) for one in shards}
    heads: dict[str, tuple[Path, Made]] = {}

    def advance(run: Path) -> None:
        made = next(streams[run], None)
        if made is not None:
            heads[made.id] = run, made

    for run in streams:
        advance(run)
    for line in read_stored_lines(path, command.name):
        if line.id in heads:
            run, made = heads.pop(line.id)
            yield made
            advance(run)
    for run, made in heads.values():
        raise RunDirectoryError(f"{run}: `lemma {command.name}` made something of {made.id}, which {path} lacks")


COMMAND = Command(MergeConfig, run=merge)
