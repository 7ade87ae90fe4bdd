"""What can be wrong around a run that asks a model: each ends with one line that says what and what next, and the same
command goes on when that is mended. The server, the full disk and the damage are real.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from model_faults import write_problems
from model_server import NUMBER, answer

from lemma.cli import main

ROOT = Path(__file__).resolve().parent.parent
PROBLEMS = 60
KEY = "sk-right-1234"


class Handler(BaseHTTPRequestHandler):
    """A server with one model and one key."""

    protocol_version = "HTTP/1.1"
    asked: Counter[int]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Authorization"] != f"Bearer {KEY}":
            self.reply(401, b'{"error": {"message": "Incorrect API key"}}')
        elif json.loads(body)["model"] != "m":
            self.reply(404, b'{"error": {"message": "The model does not exist"}}')
        else:
            found = NUMBER.search(body)
            assert found is not None
            self.asked[int(found.group(1))] += 1
            self.reply(200, answer(int(found.group(1)), None))

    def reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """In silence."""


class Server(ThreadingHTTPServer):
    """Does not mind that a client goes away."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """In silence."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    Handler.asked = Counter()
    monkeypatch.setenv("SOME_KEY", KEY)
    with Server(("127.0.0.1", 0), Handler) as served:
        Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_port}/v1"
        served.shutdown()


@dataclass(frozen=True)
class Asking:
    """A command that goes well, and its run directory."""

    command: list[str]
    run: Path


def asking_in(folder: Path, url: str) -> Asking:
    problems, run = folder / "problems.jsonl", folder / "run"
    write_problems(problems, PROBLEMS)
    flags = f"-n 1 --model m --base-url {url} --key-variable SOME_KEY --max-in-flight 8"
    return Asking(["sample", str(problems), "--run", str(run), *flags.split()], run)


@pytest.fixture
def asking(server: str, tmp_path: Path) -> Asking:
    return asking_in(tmp_path, server)


def one_line(text: str, *says: str) -> None:
    assert text.startswith("lemma: ")
    assert text.count("\n") == 1, text
    assert all(part in text for part in says), text
    assert KEY not in text


def all_is_made(run: Path) -> None:
    lines = (run / "solutions.jsonl").read_text().splitlines()
    assert len(lines) == len({json.loads(line)["problem_id"] for line in lines}) == PROBLEMS


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"model": "nope"}, ["404", "does not exist", "check the model's name"]),
        ({"key-variable": "NO_SUCH_KEY"}, ["401", "put the right one into NO_SUCH_KEY"]),
        ({"base-url": "http://127.0.0.1:1/v1", "give-up-after": "1"}, ["can't be reached", "check --base-url"]),
        ({"base-url": "localhost:8000/v1"}, ["no http address", "http://localhost:8000/v1"]),
    ],
    ids=["unknown model", "wrong key", "unreachable", "no address"],
)
def test_a_server_that_cant_be_used(
    asking: Asking, wrong: dict[str, str], says: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    command = asking.command
    for name, value in wrong.items():  # in place of the right one: a second --base-url would be another server
        at = command.index(f"--{name}") if f"--{name}" in command else len(command)
        command = [*command[:at], f"--{name}", value, *command[at + 2 :]]
    assert main(command) == 1
    one_line(capsys.readouterr().err, *says)
    assert main(asking.command) == 0
    all_is_made(asking.run)


def garbage(store: Path) -> None:
    store.write_bytes(os.urandom(5000))


def cut_short(store: Path) -> None:
    os.truncate(store, store.stat().st_size // 8 * 4)


def another_table(store: Path) -> None:
    store.unlink()
    with sqlite3.connect(store) as connection:
        connection.execute("CREATE TABLE responses (a, b)")
    connection.close()


def a_later_version(store: Path) -> None:
    with sqlite3.connect(store) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


def a_folder(store: Path) -> None:
    store.unlink()
    store.mkdir()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (garbage, ["is damaged", "restore a copy of it", "or move it away (its answers"]),
        (cut_short, ["is damaged", "restore a copy of it", "or move it away (its answers"]),
        (another_table, ["is not a lemma response store", "Move it"]),
        (a_later_version, ["another version of lemma", "use that version"]),
        (a_folder, ["can't be used", "another --run directory"]),
    ],
)
def test_a_store_that_cant_be_used(
    asking: Asking, damage: Callable[[Path], None], says: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(asking.command) == 0
    store, copy = asking.run / "responses.sqlite", asking.run / "copy.sqlite"
    shutil.copy(store, copy)
    made = (asking.run / "solutions.jsonl").read_bytes()
    damage(store)
    capsys.readouterr()
    assert main([*asking.command, "--fresh"]) == 1
    one_line(capsys.readouterr().err, *says)
    shutil.rmtree(store) if store.is_dir() else store.unlink()
    shutil.copy(copy, store)
    assert main(asking.command) == 0
    assert (asking.run / "solutions.jsonl").read_bytes() == made
    assert set(Handler.asked.values()) == {1}, "an answer that is there is never asked again"


def as_process(asking: Asking, **how: Any) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "lemma", *asking.command]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, **how)


def test_a_file_that_may_not_grow(asking: Asking) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY))

    stopped = as_process(asking, preexec_fn=limit)
    assert stopped.returncode == 1
    one_line(stopped.stderr, "responses.sqlite", "check the disk, then rerun the command to resume")
    assert main(asking.command) == 0
    all_is_made(asking.run)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    size = ["mount", "-t", "tmpfs", "-o", "size=140k", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(size, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_disk_that_is_full(server: str, small_disk: Path) -> None:
    asking = asking_in(small_disk, server)
    stopped = as_process(asking)
    assert stopped.returncode == 1
    one_line(stopped.stderr, "the disk is full", "ree some space, then rerun the command")
    subprocess.run(["mount", "-o", "remount,size=30M", small_disk], check=True)
    assert main(asking.command) == 0
    all_is_made(asking.run)
