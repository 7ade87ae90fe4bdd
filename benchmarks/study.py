"""The study: what data makes a model repair its own errors? One shared base, arms of equally many tokens, one table.

    python benchmarks/study.py study --size smoke                            # a smoke test
    python benchmarks/study.py study --size laptop --minutes 30              # the decisive arms, on two cores
    python benchmarks/study.py study --size full --seeds 5 --minutes 480     # in pieces: the same command resumes
    python benchmarks/study.py study --size laptop --table                   # the table of what is there
    python benchmarks/study.py study --size gpu --device cuda --jobs 8       # eight runs at once, on one GPU

An arm is a list of lemma commands in `study_arms/arms.yaml`. Every run, that is one arm with one seed, has a folder of
its own, with the logs of its commands; one that is finished is not run again. `--minutes` starts no run after that
time. docs/study.md says what came out.
"""

from __future__ import annotations

import argparse
import gc
import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import orjson
import yaml
from self_correction_loop import make_model, read, tokens_of
from study_table import EVALUATION, print_table

from lemma.evaluation.results import RESULTS, evaluation_folder

ARMS_FILE = Path(__file__).with_name("study_arms") / "arms.yaml"
DECISIVE = ("own-exact", "injected", "plain", "own-rollouts")
ERROR_TYPES = "calculation_error,operator_error,context_value_error,previous_step_value_error"
PHRASE = "Wait, that isn't right."
CONFIRMATION = "that is right."  # of words that the base knows
AGAIN = "this step again:"  # of words that the base knows
SUITES = "accuracy,self-correction,recovery"
_KINDS = ("cot", "lemma")
_MOST = 10**6
_SOLVED = 0.78


@dataclass(frozen=True)
class Size:
    """How large all is: the problems, the model, and the tokens of the base and of each arm.

    The base learns `easy` problems first, then `known` ones; `story` are those of the arms and of the test. With
    several `displacements`, `story` gets the one at which the base's accuracy is nearest to `_SOLVED`. `arms` are
    those that are run unless others are named.
    """

    story: str
    easy: str
    known: str
    base_problems: int
    pool: int
    test: int
    hidden: int
    layers: int
    heads: int
    base_tokens: tuple[int, int]
    arm_tokens: int
    batch: int
    rate: float
    arm_rate: float
    draws: int = 2
    samples: int = 2
    max_tokens: int = 96
    precision: str = "fp32"
    arms: tuple[str, ...] = DECISIVE
    displacements: tuple[float, ...] = ()


_LAPTOP = Size(
    story="--operations 2-3 --distractors 1 --displacement 1.75",
    easy="--operations 1-3 --distractors 0 --no-shuffled",
    known="--operations 2-3 --distractors 1 --displacement 1.3",
    base_problems=12_000,
    pool=3_000,
    test=300,
    hidden=96,
    layers=4,
    heads=4,
    base_tokens=(1_200_000, 1_000_000),
    arm_tokens=800_000,
    batch=24,
    rate=0.015,
    arm_rate=0.01,
)
SIZES = {
    "smoke": replace(
        _LAPTOP,
        story="--operations 1-2 --distractors 0 --displacement 1",
        easy="--operations 1-2 --distractors 0 --no-shuffled",
        known="--operations 1-2 --distractors 0 --displacement 1",
        base_problems=60,
        pool=60,
        test=6,
        hidden=32,
        layers=2,
        heads=2,
        base_tokens=(6000, 6000),
        arm_tokens=5000,
        arms=("own-graph",),  # what a model that was hardly trained writes can't be judged exactly
    ),
    "laptop": _LAPTOP,
    "full": replace(
        _LAPTOP,
        story="--operations 2-3 --distractors 1 --displacement 2",
        known="--operations 2-3 --distractors 1 --displacement 2",
        base_problems=40_000,
        pool=40_000,
        test=500,
        base_tokens=(6_000_000, 10_000_000),
        arm_tokens=8_000_000,
        arm_rate=0.015,
        arms=(),
    ),
    "gpu": replace(
        _LAPTOP,
        story="--operations 2-4 --distractors 1 --displacement {}",
        displacements=(1.3, 1.75, 2.5, 4),
        easy="--operations 1-4 --distractors 0 --no-shuffled",
        known="--operations 2-4 --distractors 1 --displacement 1.3",
        base_problems=20_000,
        pool=10_000,
        test=500,
        hidden=320,
        layers=8,
        heads=5,
        base_tokens=(5_000_000, 15_000_000),
        arm_tokens=5_000_000,
        batch=256,
        rate=0.012,
        arm_rate=0.008,
        max_tokens=160,
        precision="auto",
    ),
}


@dataclass(frozen=True)
class Arm:
    """An entry of the file of arms."""

    name: str
    asks: str
    stock: str
    commands: Sequence[str]
    train: str = ""
    rounds: int = 1
    scratch: bool = False
    rate: float = 0.0


@dataclass
class Study:
    """All that is kept in one folder, for one size. `stocks` are the commands that several arms begin with.

    `runs` is the folder of the runs, and `jobs` how many processes may be at work at once.
    """

    folder: Path
    size: Size
    arms: dict[str, Arm]
    stocks: dict[str, Sequence[str]]
    runs: str = "runs"
    jobs: int = 1

    def prepare(self) -> None:
        """Make the problems and the base that all arms share."""
        size, folder = self.size, self.folder
        _write_phrases(folder / "prompts")
        for name, story, seed in (("easy", size.easy, 1), ("base", size.known, 2)):
            self.lemma(folder / name, f"generate -n {size.base_problems} {story}", seed=seed, workers=self.jobs)
            data = folder / name / "generated.jsonl"
            self.lemma(folder / name, f"augment {data} --types {ERROR_TYPES} --per-problem 1", workers=self.jobs)
            self.lemma(folder / name, "correct --strategies fix", workers=self.jobs)
            records = "build-sft --records cot,lemma --strategies fix --near-duplicates 1"
            self.lemma(folder / name, records, workers=self.jobs)
        if not (folder / "start" / "config.json").exists():
            known = [read(folder / name / "sft" / f"{kind}.jsonl") for name in ("easy", "base") for kind in _KINDS]
            spoken = {"prompt": [{"content": ""}], "completion": [{"content": f"{PHRASE}\n{CONFIRMATION}\n"}]}
            make_model(
                folder / "start", cast(Any, size), [spoken, *(line for lines in known for line in lines)], seed=0
            )
        start = folder / "start"
        for name, tokens in zip(("easy", "base"), size.base_tokens, strict=True):
            model = folder / name / "model"
            self.train(folder / name, start, model, tokens=tokens, rate=size.rate, more="--records cot")
            start = model
        self.lemma(folder / "pool", f"generate -n {size.pool + size.test} {self.story()}", seed=3, workers=self.jobs)
        lines = (folder / "pool" / "generated.jsonl").read_bytes().splitlines(keepends=True)
        _write(folder / "test.jsonl", b"".join(lines[: size.test]))
        _write(folder / "pool.jsonl", b"".join(lines[size.test :]))
        self.evaluate(folder / "base", self.base)

    def story(self) -> str:
        """The flags of the problems of the test: of several displacements, the one that suits the base best."""
        size, solved = self.size, {}
        if not size.displacements:
            return size.story

        def ask(places: float) -> None:
            run = self.folder / "difficulty" / f"{places:g}"
            self.lemma(run, f"generate -n 256 {size.story.format(places)}", seed=4)
            questions = f"eval {run / 'generated.jsonl'} --model {self.base} --name {EVALUATION} --suite accuracy -n 1"
            self.lemma(run, f"{questions} --max-tokens {size.max_tokens} --max-in-flight 1024")

        at_once([(f"{places:g} places", partial(ask, places)) for places in size.displacements], self.jobs)
        for places in size.displacements:
            told = orjson.loads(
                (evaluation_folder(self.folder / "difficulty" / f"{places:g}", EVALUATION) / RESULTS).read_bytes()
            )
            solved[places] = next(row["value"] for row in told["figures"] if row["figure"] == "accuracy")
        chosen = min(size.displacements, key=lambda places: abs(solved[places] - _SOLVED))
        print(f"the base solves {', '.join(f'{solved[each]:.1%} at {each:g} places' for each in solved)}: {chosen:g}")
        return size.story.format(chosen)

    @property
    def base(self) -> Path:
        """The shared base."""
        return self.folder / "base" / "model"

    def run(self, arm: Arm, seed: int) -> None:
        """Make an arm's records, train on them, and evaluate, from wherever an earlier run was stopped."""
        start = student = self.folder / "start" if arm.scratch else self.base
        place = self.place(arm, seed)
        for number in range(arm.rounds):
            run = place / f"round{number + 1}"
            stock = self.folder / "stocks" / arm.stock if student == self.base or arm.scratch else run / "stock"
            self.stock(arm, stock, student)
            data = run / "data"
            for command in arm.commands:
                filled, _, elsewhere = self.filled(command, arm, data, student).partition(" --run ")
                where = Path(elsewhere or data)
                if stock.exists() and not where.exists():
                    shutil.copytree(stock, where)
                self.lemma(where, filled, seed=seed)
            model = run / "model"
            whole = self.size.arm_tokens + (sum(self.size.base_tokens) if arm.scratch else 0)
            rate = self.size.rate if arm.scratch else self.size.arm_rate
            self.train(data, start, model, tokens=whole // arm.rounds, rate=rate, more=arm.train, seed=seed)
            start = student = model
        self.evaluate(place, student)

    def stock(self, arm: Arm, folder: Path, student: Path) -> None:
        """Make what several arms begin with, such as the samples of a student."""
        for command in self.stocks[arm.stock]:
            self.lemma(folder, self.filled(command, arm, folder, student))

    def place(self, arm: Arm, seed: int) -> Path:
        """The folder of one run."""
        return self.folder / self.runs / arm.name / f"seed{seed}"

    def filled(self, command: str, arm: Arm, run: Path, student: Path) -> str:
        """A command of the file of arms, with paths and numbers put in."""
        size = self.size
        return command.format(
            pool=self.folder / ("base/generated.jsonl" if arm.scratch else "pool.jsonl"),
            base=self.base,
            student=student,
            run=run,
            prompts=self.folder / "prompts",
            types=ERROR_TYPES,
            draws=size.draws,
            max_tokens=size.max_tokens,
            rate=arm.rate,
            rest=round(1 - arm.rate, 2),
        )

    def train(
        self, run: Path, start: Path, model: Path, *, tokens: int, rate: float, more: str = "", seed: int = 0
    ) -> None:
        """Train for so many tokens, of prompts and answers: the steps are counted from the lengths of the records."""
        kinds = [kind for kind in _KINDS if f"--records {kind}" in more] or _KINDS
        files = [file for kind in kinds if (file := run / "sft" / f"{kind}.jsonl").exists()]
        if not any(file.stat().st_size for file in files):
            sys.exit(f"{run / 'sft'}: there are no records; see the logs in {run}")
        lengths = tokens_of([line for file in files for line in read(file)], start)
        steps = max(1, round(tokens * len(lengths) / sum(lengths) / self.size.batch))
        settings = (
            f"--model {start} --output {model} --preset practice --optimizer muon --learning-rate {rate} "
            f"--precision {self.size.precision} --epochs {_MOST} --max-steps {steps} "
            f"--effective-batch {self.size.batch} --device-batch {self.size.batch} --eval-share 0 --save-every {_MOST}"
        )
        kept = {"records": len(lengths), "tokens per pass": sum(lengths), "steps": steps}
        self.lemma(run, f"train {settings} {more}", seed=seed, notes=kept)

    def evaluate(self, run: Path, model: Path) -> None:
        """Ask the model about the held-out problems."""
        size = self.size
        self.lemma(
            run,
            f"eval {self.folder / 'test.jsonl'} --model {model} --name {EVALUATION} --suite {SUITES} "
            f"--types {ERROR_TYPES} -n {size.samples} --errors 1 --max-tokens {size.max_tokens} --max-in-flight 1024 "
            f"--prompts {self.folder / 'prompts'}",
        )

    def lemma(
        self, run: Path, command: str, seed: int = 0, notes: dict[str, Any] | None = None, workers: int = 1
    ) -> None:
        """Run one command, unless it was finished before. Exits with the end of its log if it fails."""
        name = command.split(maxsplit=1)[0]
        words = [*shlex.split(command), "--run", str(run), "--seed", str(seed)]
        mark = run / f"{name}.done.json"
        if mark.exists() and orjson.loads(mark.read_bytes())["command"] == words:
            return
        run.mkdir(parents=True, exist_ok=True)
        started = time.monotonic(), os.times()
        status = in_a_child(lambda: _typed([*words, "--workers", str(workers)]), run / f"{name}.log")
        if status:
            sys.exit(f"lemma {shlex.join(words)}\n{(run / f'{name}.log').read_text()[-2000:]}")
        spent = os.times().children_user + os.times().children_system - sum(started[1][2:4])
        seconds = round(time.monotonic() - started[0], 1)
        content = {"command": words, "seconds": seconds, "cpu_seconds": round(spent, 1), **(notes or {})}
        mark.write_bytes(orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE))


def _typed(words: Sequence[str]) -> int:
    from lemma.cli import main as lemma_main

    return lemma_main(words)


def in_a_child(work: Callable[[], object], log: Path | None = None) -> int:
    """The exit status of `work` in a forked process, which need not import torch and transformers once more."""
    return os.waitstatus_to_exitcode(os.waitpid(forked(work, log), 0)[1])


def forked(work: Callable[[], object], log: Path | None = None) -> int:
    """The id of a process that does `work` and ends with the status that it returns, or 0."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        if log is not None:
            with log.open("wb") as file:
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
        done = work()
        status = done if isinstance(done, int) else 0
    except SystemExit as exit_:
        status = exit_.code if isinstance(exit_.code, int) else 1
        if not isinstance(exit_.code, int):
            print(exit_.code, file=sys.stderr)
    except BaseException as error:  # whatever it is, the parent has to hear of it
        print(repr(error), file=sys.stderr)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def at_once(tasks: Sequence[tuple[str, Callable[[], object]]], jobs: int, until: float = float("inf")) -> Sequence[str]:
    """Do all tasks, `jobs` of them at once, each in a forked process, and say how long each took.

    The labels of those that were not begun, since `until` (of `time.monotonic`) had passed. Exits if one has failed.
    """
    waiting, working, failed = list(tasks), dict[int, tuple[str, float]](), []
    while working or (waiting and time.monotonic() < until):
        if waiting and len(working) < jobs and time.monotonic() < until:
            label, work = waiting.pop(0)
            working[forked(work)] = label, time.monotonic()
            continue
        child, status = os.wait()
        label, started = working.pop(child)
        failed += [label] if status else []
        print(f"{label:<28}{time.monotonic() - started:8.1f} s{'  failed' if status else ''}", flush=True)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")
    return [label for label, _ in waiting]


def _write_phrases(folder: Path) -> None:
    """Own phrases for `--prompts`: the same one in every file, so that arms do not differ by what they say."""
    shipped = Path(__file__).resolve().parents[1] / "prompts"
    for file in (path for kind in ("reflections/*", "checks", "rechecks") for path in shipped.glob(f"{kind}/*.yaml")):
        place = folder / file.relative_to(shipped)
        place.parent.mkdir(parents=True, exist_ok=True)
        phrase = CONFIRMATION if file.name.startswith("right_") else AGAIN if "rechecks" in file.parts else PHRASE
        _write(place, f'phrases: ["{phrase}"]\n'.encode())


def _write(file: Path, content: bytes) -> None:
    """Write a file, unless it is there: others may be reading it."""
    if not file.exists() or file.read_bytes() != content:
        file.write_bytes(content)


def read_arms(file: Path = ARMS_FILE) -> tuple[dict[str, Arm], dict[str, Sequence[str]]]:
    """The arms by name, and the stocks that they start from."""
    content = yaml.safe_load(file.read_text())
    arms = {name: Arm(name, **values) for name, values in content["arms"].items()}
    return arms, content["stocks"]


def main() -> None:
    """Run what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", choices=SIZES, default="laptop")
    parser.add_argument("--arms", help="names, separated by commas (default: those of the size; all: every one)")
    parser.add_argument("--seeds", type=int, default=1, help="number of seeds per arm")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="start no run after this time")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--jobs", type=int, default=1, help="number of runs at once, of one thread each")
    parser.add_argument("--arm-tokens", type=int, help="tokens of each arm (default: those of the size)")
    parser.add_argument("--table", action="store_true", help="print the table of what is there, and run nothing")
    options = parser.parse_args()
    arms, stocks = read_arms()
    size, runs = SIZES[options.size], "runs"
    if options.arm_tokens and options.arm_tokens != size.arm_tokens:
        size, runs = replace(size, arm_tokens=options.arm_tokens), f"runs-{options.arm_tokens}"
    names = arms if options.arms == "all" or not (options.arms or size.arms) else options.arms or size.arms
    names = names.split(",") if isinstance(names, str) else list(names)
    if unknown := [name for name in names if name not in arms]:
        sys.exit(f"no such arm: {', '.join(unknown)}; there are: {', '.join(arms)}")
    study = Study((options.folder / options.size).resolve(), size, arms, stocks, runs, options.jobs)
    if not options.table:
        until = time.monotonic() + 60 * options.minutes
        os.environ |= {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
        # Processes that are forked can't use a GPU that this one has looked at; NVML looks without touching it.
        os.environ |= (
            {"PYTORCH_NVML_BASED_CUDA_CHECK": "1"} if options.device == "cuda" else {"CUDA_VISIBLE_DEVICES": ""}
        )
        import lemma.training.objectives.sft  # noqa: F401 - imported once, for all processes that are forked

        gc.collect()
        gc.freeze()  # or each process would look through all that was imported, again and again

        chosen = [arms[name] for name in names]
        at_once([("problems and base", study.prepare)], 1)
        shared = {arm.stock: arm for arm in chosen if not arm.scratch and stocks[arm.stock]}.values()
        make = [
            (arm.stock, partial(study.stock, arm, study.folder / "stocks" / arm.stock, study.base)) for arm in shared
        ]
        at_once(make, options.jobs, until)
        tasks = [
            (f"{arm.name}, seed {seed}", partial(study.run, arm, seed))
            for seed in range(options.seeds)
            for arm in chosen
        ]
        if missing := at_once(tasks, options.jobs, until):
            print(f"{options.minutes:g} minutes are over; the same command resumes with {missing[0]}")
    print_table(study.folder, names, runs)


if __name__ == "__main__":
    main()
