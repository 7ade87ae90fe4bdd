"""Commands that are killed at any moment, in run directories that are damaged in any way, and what must hold of them.

Commands run in forked children of this process, which costs little, so hundreds of kills take minutes. A scripted model
plays student and teacher and writes down what it was asked.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import random
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from killed import KILLED, Child, Kill, Result, random_kill

from lemma.cli import build_parser
from lemma.trajectories.detection import find_reflection

NAMES = ("augment", "sample", "analyze", "correct", "smooth", "build-sft", "report")
RECORDS = ("problems", "solutions", "erroneous", "corrections", "smoothed", "rejected", "sft/lemma")
_MOST_ROUNDS = 12


@dataclass
class Found:
    """What should be zero everywhere."""

    tries: int = 0
    kills: int = 0
    tracebacks: list[str] = field(default_factory=list)
    hangs: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    asked_twice: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """All of it."""
        return [*self.tracebacks, *self.hangs, *self.lost, *self.asked_twice, *self.left]


def write_inputs(folder: Path, count: int = 6) -> None:
    """Problems about pens, and rules for the student and the teacher; one problem of them is unusable."""
    problems: list[dict[str, Any]] = [{"question": "Without an answer?"}]
    rules: list[dict[str, Any]] = []
    for n in range(3, 3 + count):
        total, rest = 2 * n + 2, 2 * n + 1
        question = f"Ada has {n} pens and gets {n + 2} more. She gives one away. How many pens are there?"
        right = f"There are {n} + {n + 2} = {total} pens.\nOne goes, so {total} - 1 = {rest} pens are there."
        slip = f"There are {n} + {n + 2} = {total + 10} pens."
        wrong = f"{slip}\nOne goes, so {total + 10} - 1 = {rest + 10} are there."
        turn = f"Wait, {n} + {n + 2} can't be {total + 10}."
        problems.append({"question": question, "answer": f"{right}\n#### {rest}"})
        rules += [
            {"contains": ["You correct a student", question], "answers": [f"{right}\nThe answer is {rest}"]},
            {"contains": ["along another way", question], "answers": [f"Another way.\n{right}\nThe answer is {rest}"]},
            {
                "contains": ["You polish a text", question],
                "answers": [f"{slip}\n{turn}\n{right}\nThe answer is {rest}"],
            },
            {
                "contains": question,
                "answers": [f"{wrong}\nThe answer is {rest + 10}", f"{right}\nThe answer is {rest}"],
            },
        ]
    (folder / "problems.jsonl").write_text("".join(json.dumps(problem) + "\n" for problem in problems))
    (folder / "rules.yaml").write_text(json.dumps({"rules": [*rules, {"answers": ["I don't know."]}]}))


class Disturbed:
    """One run directory, and what was found wrong while commands ran in it."""

    def __init__(self, folder: Path, found: Found | None = None, deadline: float = 60) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "problems.jsonl").exists():
            write_inputs(folder)
        self.folder, self.run, self.deadline = folder, folder / "run", deadline
        self.found = Found() if found is None else found
        self._damaged_responses = False
        self.log: list[str] = []

    def words(self, name: str) -> list[str]:
        """A command with its options."""
        data, rules = "problems.jsonl", "rules.yaml"  # relative, as a model's name stands in its records
        options = {
            "augment": [data, "--per-problem", "1"],
            "sample": [data, "--model", rules, "--backend", "scripted", "-n", "2"],
            "correct": ["--teacher", rules, "--backend", "scripted"],
            "smooth": ["--teacher", rules, "--backend", "scripted"],
        }
        workers = [] if name == "report" else ["--workers", "1"]
        return [name, "--run", str(self.run), *workers, *options.get(name, [])]

    def lemma(self, words: Sequence[str], kill: Kill | None = None) -> Result:
        """Run a command once and check what must hold of every one."""
        stored = self.stored()
        result = Child(words, self.folder, kill, self.deadline).wait()
        self.log.append(f"{words[0]}{' --fresh' if '--fresh' in words else ''} {kill or ''}: {result.status} "
                        f"{result.message}")  # fmt: skip
        self.found.tries += 1
        self.found.kills += result.killed or (kill is not None and kill.error > 0 and result.status == 1)
        told = f"{' '.join(words[:1])} {kill or ''}: {result.output[-1500:]}"
        if "Traceback" in result.output:
            self.found.tracebacks.append(told)
        if result.hung:
            self.found.hangs.append(told)
        if not self._damaged_responses:
            self.found.asked_twice += [f"{words[0]} {key}" for key in result.asked if key in stored]
            self.found.lost += [f"stored answer {key} after {words[0]}" for key in stored - self.stored()]
        if result.status not in (0, KILLED) and not result.killed and not result.message:
            self.found.tracebacks.append(f"no line says why: {told}")
        return result

    def stored(self) -> set[str]:
        """The requests whose answers are stored; looked up in a copy, so that the original stays as a kill left it."""
        if not (self.run / "responses.sqlite").is_file():
            return set()
        with tempfile.TemporaryDirectory() as copy:
            for path in self.run.glob("responses.sqlite*"):
                if not path.name.endswith("-shm") and path.is_file():
                    shutil.copyfile(path, Path(copy) / path.name)
            connection = sqlite3.connect(Path(copy) / "responses.sqlite")
            try:
                return {row[0] for row in connection.execute("SELECT key FROM responses")}
            except sqlite3.DatabaseError:
                return set()
            finally:
                connection.close()

    def damage(self, random_: random.Random) -> str:
        """Harm one file of the run directory. Returns what was done."""
        files = sorted(path for path in self.run.rglob("*") if path.is_file() and path.name != "lock")
        if not files:
            return "nothing there"
        path = random_.choice(files)
        kind = random_.choice(list(DAMAGES))
        if path.name.startswith("responses.sqlite"):
            self._damaged_responses = True
        DAMAGES[kind](path, random_)
        self.log.append(f"{kind} {path.relative_to(self.run)}")
        return self.log[-1]

    def finish(self, name: str) -> None:
        """Do what the command says until it succeeds; it must name something to do, and that must work."""
        words = self.words(name)
        for _ in range(_MOST_ROUNDS):
            result = self.lemma(words)
            if result.status == 0:
                return
            if not self._follow(result):
                break
        log = "\n  ".join(self.log)
        self.found.lost.append(f"no way out of `lemma {name}`: {result.output[-600:]}\n  {log}")

    def _follow(self, result: Result) -> bool:
        """Do what a message advises."""
        advised = re.search(r"`lemma ([a-z-]+)([^`]*)`[^`]*\b(makes|rewrites|its|first)|Rerun `lemma ([a-z-]+)([^`]*)`",
                            result.message)  # fmt: skip
        if advised is not None:
            name, rest = (advised[1], advised[2]) if advised[1] else (advised[4], advised[5])
            fresh = ["--fresh"] if "--fresh" in rest + result.message else []
            other = self.lemma([*self.words(name), *fresh])
            return other.status == 0 or (name != result.words[0] and self._follow(other))
        if "--fresh" in result.message:
            stage = re.search(r"run the stage that makes it", result.message)
            names = _makers(result.message) if stage else [result.words[0]]
            for name in names:
                other = self.lemma([*self.words(name), "--fresh"])
                if other.status != 0 and "--fresh" not in other.message:
                    self._follow(other)
            return True
        path = next(
            (Path(word.rstrip(",:.;")) for word in result.message.split() if word.startswith(str(self.run))), None
        )
        if (
            path is not None
            and path != self.run
            and re.search(r"[Mm]ove|[Ff]ix (it|that)|elsewhere", result.message)
            and path.exists()
        ):
            self._damaged_responses |= path.name == "responses.sqlite"
            for part in path.parent.glob(f"{path.name}*" if path.name == "responses.sqlite" else path.name):
                part.rename(Path(tempfile.mkdtemp(dir=self.folder)) / part.name)
            return True
        return "resume" in result.message

    def lines(self) -> dict[str, list[bytes]]:
        """The lines of every file of records, sorted."""
        paths = {name: self.run / f"{name}.jsonl" for name in RECORDS}
        return {name: sorted(path.read_bytes().splitlines()) for name, path in paths.items() if path.is_file()}

    def compare(self, wanted: Mapping[str, list[bytes]], how: str) -> None:
        """Every line that is wanted must be there, and no other."""
        made = self.lines()
        for name, lines in wanted.items():
            there = made.get(name, [])
            if there != lines:
                log = "\n  ".join(self.log)
                missing, others = set(lines) - set(there), set(there) - set(lines)
                self.found.lost.append(
                    f"{name}: {len(there)} lines {how}, wanted {len(lines)}; missing {sorted(missing)[:2]}, others "
                    f"{sorted(others)[:2]}\n  {log}"
                )


def _makers(message: str) -> list[str]:
    makers = {
        "solutions.jsonl": ["sample"],
        "problems.jsonl": ["augment", "sample"],
        "erroneous.jsonl": ["augment", "analyze"],
        "corrections.jsonl": ["correct"],
        "smoothed.jsonl": ["smooth"],
        "rejected.jsonl": list(NAMES[:-1]),
    }
    return next((names for file, names in makers.items() if file in message), [])


def _truncate(path: Path, random_: random.Random) -> None:
    os.truncate(path, random_.randrange(path.stat().st_size + 1))


def _remove(path: Path, _random: random.Random) -> None:
    path.unlink()


def _corrupt(path: Path, random_: random.Random) -> None:
    content = bytearray(path.read_bytes())
    at = random_.randrange(len(content) + 1)
    content[at : at + 8] = b"\xff\x00\xfe"
    path.write_bytes(content)


def _empty(path: Path, _random: random.Random) -> None:
    os.truncate(path, 0)


def _folder_instead(path: Path, _random: random.Random) -> None:
    path.unlink()
    path.mkdir()


def _other_json(path: Path, random_: random.Random) -> None:
    """JSON of another type somewhere: what a hand or another program wrote."""
    value: Any = random_.choice([None, 1, "x", [], {}, [1], {"a": 1}, True, 1e300, [[]], {"stages": 1}])
    lines = path.read_bytes().splitlines(keepends=True)
    if path.suffix == ".json":
        path.write_bytes(json.dumps(_changed(path, value, random_)).encode())
    elif lines:
        lines[random_.randrange(len(lines))] = json.dumps(value).encode() + b"\n"
        path.write_bytes(b"".join(lines))


def _changed(path: Path, value: Any, random_: random.Random) -> Any:
    try:
        whole = json.loads(path.read_bytes())
    except ValueError:
        return value
    here, depth = whole, random_.randrange(4)
    while isinstance(here, dict) and here and depth:
        key = random_.choice(sorted(here))
        if depth == 1 or not isinstance(here[key], dict) or not here[key]:
            here[key] = value
            return whole
        here, depth = here[key], depth - 1
    return value


DAMAGES: dict[str, Callable[[Path, random.Random], None]] = {
    "truncate": _truncate,
    "remove": _remove,
    "corrupt": _corrupt,
    "empty": _empty,
    "folder in place of": _folder_instead,
    "other JSON in": _other_json,
}


def load_commands() -> None:
    """Import and read what the commands need, once, so that no child has to."""
    for name in NAMES:
        importlib.import_module(f"lemma.commands.{name.replace('-', '_')}")
    for name in ("cli", "runner", "engine.calls", "models.backends.scripted"):
        importlib.import_module(f"lemma.{name}")
    for name in ("rich.console", "openai", "aiohttp"):
        importlib.import_module(name)
    find_reflection("All phrases are read for this.")
    build_parser()
    gc.freeze()


def undisturbed(folder: Path) -> dict[str, list[bytes]]:
    """The lines that all commands make in peace."""
    whole = Disturbed(folder)
    for name in NAMES:
        if whole.lemma(whole.words(name)).status != 0 or whole.found.faults:
            raise SystemExit(f"lemma {name} fails in peace: {whole.found}")
    lines = whole.lines()
    assert all(lines.values()), "every file has something to lose"
    return lines


def kill_again_and_again(
    folder: Path, seed: int, kills: int, wanted: Mapping[str, list[bytes]], found: Found | None = None
) -> Disturbed:
    """All commands in order, killed so often at random; what they make in the end must be what is `wanted`."""
    drawn = random.Random(seed)
    disturbed = Disturbed(folder, found)
    for name in NAMES:
        for _ in range(drawn.randint(0, -(-2 * kills // len(NAMES)))):
            disturbed.lemma(disturbed.words(name), random_kill(drawn))
        disturbed.finish(name)
    disturbed.compare(wanted, "made")
    return disturbed


def damage_once(
    folder: Path, seed: int, whole: Path, wanted: Mapping[str, list[bytes]], found: Found | None = None
) -> Disturbed:
    """A complete run directory in which one file is harmed, then all commands until they succeed."""
    shutil.copytree(whole, folder)
    disturbed = Disturbed(folder, found)
    disturbed.damage(random.Random(seed))
    for name in NAMES:
        disturbed.finish(name)
    disturbed.compare(wanted, "made")
    return disturbed


def disturb(folder: Path, seed: int, wanted: Mapping[str, list[bytes]], found: Found | None = None) -> Disturbed:
    """Random commands, kills and damages; then all commands until they succeed, which must make what is `wanted`."""
    drawn = random.Random(seed)
    disturbed = Disturbed(folder, found)
    for _ in range(drawn.randint(4, 14)):
        what, name = drawn.choice(["run", "kill", "kill", "kill", "damage", "fresh"]), drawn.choice(NAMES)
        if what == "damage":
            disturbed.damage(drawn)
        else:
            fresh = ["--fresh"] if what == "fresh" and name != "report" else []
            disturbed.lemma([*disturbed.words(name), *fresh], random_kill(drawn) if what == "kill" else None)
    for name in NAMES:
        disturbed.finish(name)
    disturbed.compare(wanted, "made")
    for name in NAMES:  # what is complete stays as it is
        disturbed.lemma(disturbed.words(name))
    disturbed.compare(wanted, "left by a rerun")
    return disturbed
