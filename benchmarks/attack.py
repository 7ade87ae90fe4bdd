"""The attack on reliability in one table: kills, damaged directories, failing servers, hostile answers, pumped texts.

    python benchmarks/attack.py                  # at most ten minutes
    python benchmarks/attack.py --size smoke     # half a minute

Ends with 1 if anything but the tries is not 0. Linux only: commands run in forked children.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import faulty_server
from disturbed import Found, damage_once, kill_again_and_again, load_commands, undisturbed
from killed import Child, Result

ROOT = Path(__file__).resolve().parent.parent
SIZES = {
    "full": {"kills": 110, "signals": 9, "damages": 64, "faults": 260, "pairs": 1200, "length": 2000},
    "smoke": {"kills": 1, "signals": 1, "damages": 1, "faults": 4, "pairs": 16, "length": 16},
}
SECONDS_PER_PAIR = 10.0
AT_ONCE = 12
FAULT_SECONDS = 40.0
PUMPED = (
    *(
        "a",
        " ",
        "1",
        "1,",
        "1 ",
        "1.",
        "(",
        "((",
        "[",
        "{",
        "\\frac{",
        "\\frac{1}{",
        "$",
        "$$",
        "\\boxed{",
        "#",
        "####",
    ),
    *(
        "=",
        "= ",
        "1=",
        "1 = ",
        "+",
        "1+",
        "-",
        "--",
        "*",
        "**",
        "^",
        "9^",
        "/",
        "1/",
        "%",
        "\n",
        "\n\n",
        "\r",
        "\t",
        "A:",
    ),
    *("Step 1: ", "<<", "<<1=1>>", "the answer is ", "The answer is 7. ", "so ", "1 apple ", "ab^2/", "1 m ", "½", "٣"),
    *(
        "\\",
        "\\left(",
        "\\sqrt",
        "\\text{",
        "\\\\",
        "&",
        "|",
        "!",
        "one hundred ",
        "and ",
        "1e",
        "0x",
        ":",
        "1:",
        "1:59 ",
    ),
    *(
        "_",
        "x_",
        "{}",
        "{,",
        "'",
        '"',
        "<think>",
        "</think>",
        "```",
        "**",
        "* ",
        "1) ",
        "\u200b",
        "\u202e",
        "🜚",
        "\x00",
    ),
)


@cache
def complete(folder: Path) -> tuple[Path, dict[str, list[bytes]]]:
    """A complete run directory, made in peace, and its lines."""
    return folder / "complete", undisturbed(folder / "complete")


def killed(count: int, found: Found, folder: Path) -> None:
    """Kills at every kind of moment, of commands one after the other."""
    _, wanted = complete(folder.parent)
    seed = 0
    while found.kills < count:
        kill_again_and_again(folder / f"kills-{seed}", seed, min(count, 14), wanted, found)
        seed += 1
    found.tries = found.kills


def signalled(count: int, found: Found, folder: Path) -> None:
    """Real signals to a command with two workers: nothing of it is left."""
    path = folder / "many.jsonl"
    rows = (
        {"question": f"Ada has {n} pens and gets 3. How many?", "answer": f"{n} + 3 = {n + 3}\n#### {n + 3}"}
        for n in range(5, 20_000)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    numbers = (signal.SIGTERM, signal.SIGKILL, signal.SIGINT)
    for turn in range(count):
        run = folder / f"signal-{turn}"
        command = [sys.executable, "-m", "lemma", "augment", str(path), "--run", str(run), "--workers", "2"]
        started = subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        state = run / ".state" / "augment.jsonl"
        while started.poll() is None and not (state.exists() and state.stat().st_size):
            time.sleep(0.02)
        time.sleep(turn % 4 / 10)
        found.tries += 1
        started.send_signal(numbers[turn % 3])
        try:
            output = started.communicate(timeout=60)[0].decode("utf-8", "replace")
        except subprocess.TimeoutExpired:
            found.hangs.append(f"{numbers[turn % 3].name}: its output stays open")
            output = ""
        if "Traceback" in output:
            found.tracebacks.append(output[-800:])
        found.left += left_after(started.pid, seconds=5)


def left_after(session: int, *, seconds: float) -> list[str]:
    """The processes of a session that don't end soon. Closing the output comes first, the end of a process after it."""
    until = time.monotonic() + seconds
    while (left := alive(session)) and time.monotonic() < until:
        time.sleep(0.05)
    return left


def alive(session: int) -> list[str]:
    """The processes of a session that are not only waiting to be reaped."""
    left = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except OSError:  # it has ended meanwhile
            continue
        fields = text.rpartition(") ")[2].split()
        if fields[3] == str(session) and fields[0] not in "ZX":
            left.append(text.partition(") ")[0])
    return left


def damaged(count: int, found: Found, folder: Path) -> None:
    """A complete directory in which one file is harmed."""
    whole, wanted = complete(folder.parent)
    for seed in range(count):
        damage_once(folder / f"damage-{seed}", seed, whole, wanted, found)
    found.tries = count


def failing_server(count: int, found: Found, folder: Path) -> None:
    """Every kind of fault, and mixtures, each in a run of its own beside a problem that is answered well."""
    drawn = random.Random(count)
    kinds = list(faulty_server.KINDS)
    kinds = drawn.sample(kinds, count) if count < len(kinds) else kinds
    kinds += faulty_server.mixtures(max(count - len(kinds), count // 4), drawn)
    log = folder / "server.log"
    log.write_bytes(b"")
    with server(log) as url:
        runs = {f"{kind} at {number}": folder / f"fault-{number}" for number, kind in enumerate(kinds)}
        first = at_once(runs, url, FAULT_SECONDS)
        asked = [line.split("\t") for line in log.read_text().splitlines()]
        before = Counter(question for question, _ in asked)
        again = at_once(runs, url, FAULT_SECONDS)
    after = Counter(line.split("\t")[0] for line in log.read_text().splitlines())
    for kind, run in runs.items():
        found.tries += 1
        for result in (first[kind], again[kind]):
            check(kind, result, found)
        number = kind.rpartition(" at ")[2]
        if after[f"good {number}"] > 1:
            found.asked_twice.append(f"{kind}: the good answer was asked for {after[f'good {number}']} times")
        if first[kind].status == 0 and after[kind] > before[kind]:
            found.asked_twice.append(f"{kind}: asked again after the command had ended well")
        if first[kind].status == 0:
            found.lost += unaccounted(kind, run / "run")


def at_once(runs: dict[str, Path], url: str, deadline: float) -> dict[str, Result]:
    """Run `sample` for several faults at a time; nearly all of them only wait."""
    waiting, active, results = list(runs.items()), dict[str, Child](), dict[str, Result]()
    while waiting or active:
        while waiting and len(active) < AT_ONCE:
            kind, folder = waiting.pop()
            folder.mkdir(exist_ok=True)
            number = kind.rpartition(" at ")[2]
            questions = (f"What is 3 + 4? [[{kind}]]", f"What is 4 + 3? [[good {number}]]")
            (folder / "problems.jsonl").write_text(
                "".join(json.dumps({"question": question, "answer": "7"}) + "\n" for question in questions)
            )
            limits = ["--timeout", "1", "--deadline", "3", "--give-up-after", "2", "--max-in-flight", "4"]
            words = ["sample", "problems.jsonl", "--run", "run", "--model", "m", "--base-url", url, "-n", "1", *limits]
            active[kind] = Child(words, folder, deadline=deadline)
        for kind, child in list(active.items()):
            if (result := child.poll()) is not None:
                results[kind] = result
                del active[kind]
        time.sleep(0.01)
    return results


def check(what: str, result: Result, found: Found) -> None:
    """What must hold of every command."""
    if "Traceback" in result.output or "\x1b" in result.output:
        found.tracebacks.append(f"{what}: {result.output[-800:]}")
    elif result.hung:
        found.hangs.append(what)
    elif result.status not in (0, 1) or (result.status == 1 and not result.message):
        found.tracebacks.append(f"{what}: ended with {result.status} and {result.output[-800:]}")


def unaccounted(kind: str, run: Path) -> Iterator[str]:
    """Problems that were neither solved nor rejected."""

    def lines(name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (run / name).read_bytes().splitlines()]

    told = Counter([line["problem_id"] for line in lines("solutions.jsonl")])
    told.update(line["id"] for line in lines("rejected.jsonl"))
    problems = [line["id"] for line in lines("problems.jsonl")]
    if len(problems) != 2 or any(told[problem] != 1 for problem in problems):
        yield f"{kind}: {len(problems)} problems, accounted for {dict(told)}"


@contextmanager
def server(log: Path) -> Iterator[str]:
    """The address of the failing server, in a process of its own."""
    read, write = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(read)
        try:
            faulty_server.serve(log, write)
        finally:
            os._exit(1)
    os.close(write)
    try:
        with os.fdopen(read) as told:
            yield f"http://127.0.0.1:{int(told.read())}/v1"
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def graded(count: int, found: Found, folder: Path) -> None:
    """Pairs of answers: those of the tables, and every one of them against pieces of others."""
    tables = [json.loads(line) for line in (ROOT / "tests" / "tables" / "answers.jsonl").read_bytes().splitlines()]
    texts = [str(row[name]) for row in tables for name in ("gold", "pred")]
    drawn = random.Random(count)
    pairs = [(str(row["gold"]), str(row["pred"])) for row in drawn.sample(tables, min(len(tables), count // 2))]
    while len(pairs) < count:
        gold, other = drawn.choice(texts), drawn.choice(texts)
        pieces = [
            gold[: len(gold) // 2] + other[len(other) // 2 :],
            other * 3,
            f"{other}{drawn.choice(PUMPED) * 30}",
            other,
        ]
        pairs.append((gold, drawn.choice(pieces)))

    def grade(pair: tuple[str, str]) -> None:
        from lemma.grading.verdict import verdict

        assert verdict(*pair) in ("equal", "different", "unknown")

    in_time(grade, pairs, found, folder)


def pumped(length: int, found: Found, folder: Path) -> None:
    """Texts in which a piece comes again and again, given to all that reads what models write. The length limits their
    characters, and the number of pieces as well.
    """
    from lemma.arithmetic.equations import read_step
    from lemma.grading.extraction import find_answer
    from lemma.grading.verdict import extract_answer, verdict
    from lemma.steps import split_steps, without_annotations
    from lemma.visible_text import one_line, visible

    readers: list[Callable[[str], object]] = [
        *(find_answer, extract_answer, split_steps, without_annotations, visible, one_line),
        *(
            lambda text: read_step(text[:2000]),
            lambda text: verdict("18", text),
            lambda text: verdict(text[:200], "18"),
        ),
    ]
    texts = [
        text
        for piece in random.Random(length).sample(PUMPED, min(length, len(PUMPED)))
        for pump in [piece * max(1, length // len(piece))]
        for text in (f"It is 1 {pump}x", f"{pump}\nso we can not say.", f"The answer is {pump}")
    ]

    def read(text: str) -> None:
        for reader in readers:
            reader(text)

    in_time(read, texts, found, folder)


def in_time(function: Callable[[Any], None], inputs: Sequence[Any], found: Found, folder: Path) -> None:
    """Call the function for each input, in a child that is killed if a call takes too long."""
    at = folder / "at.txt"
    place = 0
    while place < len(inputs):
        process = os.fork()
        if process == 0:
            _call_all(function, inputs, place, at)
        seen, since = place, time.process_time_ns()
        while not (ended := os.waitpid(process, os.WNOHANG))[0]:
            time.sleep(0.05)
            now = int(at.read_text() or place) if at.exists() else place
            spent = _cpu_seconds(process)
            if now != seen:
                seen, since = now, spent
            elif spent - since > SECONDS_PER_PAIR * 1e9:
                os.kill(process, signal.SIGKILL)
                found.hangs.append(repr(inputs[seen])[:200])
                ended = os.waitpid(process, 0)
                break
        done = int(at.read_text()) if at.exists() else place
        if os.waitstatus_to_exitcode(ended[1]) > 0:
            found.tracebacks.append(repr(inputs[done])[:200])
        found.tries += done + 1 - place
        place = done + 1


def _cpu_seconds(process: int) -> int:
    """Nanoseconds of CPU time, so that a busy machine makes nobody late."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return 0
    return (int(fields[11]) + int(fields[12])) * 10**9 // os.sysconf("SC_CLK_TCK")


def _call_all(function: Callable[[Any], None], inputs: Sequence[Any], start: int, at: Path) -> None:
    status = 0
    try:
        resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30, 4 * 2**30))
        for number in range(start, len(inputs)):
            at.write_text(str(number))
            function(inputs[number])
    except BaseException:
        status = 1
    finally:
        from lemma.grading.math_verify_pool import stop_workers

        stop_workers()
        os._exit(status)


PARTS: dict[str, tuple[Callable[[int, Found, Path], None], str]] = {
    "kills": (killed, "kills"),
    "signals with two workers": (signalled, "signals"),
    "damaged directories": (damaged, "damages"),
    "server faults": (failing_server, "faults"),
    "grading pairs": (graded, "pairs"),
    "pumped texts": (pumped, "length"),
}
COLUMNS = ("tries", "tracebacks", "hangs", "lost", "asked twice", "left")


def main() -> int:
    """Attack, and print the table. Exit status: 1 if anything was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", choices=SIZES, default="full")
    parser.add_argument("--only", choices=PARTS, action="append", help="a part; may be repeated (default: all)")
    asked = parser.parse_args()
    load_commands()
    with tempfile.TemporaryDirectory() as folder:
        return attacked(Path(folder), asked.only or list(PARTS), SIZES[asked.size])


def attacked(folder: Path, parts: Sequence[str], sizes: dict[str, int]) -> int:
    """Attack in each of the ways, in the folder, and print the table."""
    rows, faults = [], []
    for name in parts:
        attack, size = PARTS[name]
        found, started, place = Found(), time.monotonic(), folder / name.replace(" ", "-")
        place.mkdir()
        attack(sizes[size], found, place)
        shutil.rmtree(place)
        numbers = (found.tries, *map(len, (found.tracebacks, found.hangs, found.lost, found.asked_twice, found.left)))
        rows.append(f"{name:26}{''.join(f'{number:13,}' for number in numbers)}{time.monotonic() - started:9.0f} s")
        faults += [f"{name}: {fault}" for fault in found.faults]
    if faults:
        print("\n\n".join(faults))
    print(f"{'':26}{''.join(f'{column:>13}' for column in COLUMNS)}")
    print("\n".join(rows))
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
