"""`--engine ray` on a real cluster of two nodes: the bytes of the local engine, whatever is killed meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lemma.cli import main
from lemma.config import SampleConfig
from lemma.engine import pool
from lemma.engine.outcome import Outcome
from lemma.engine.ray_cluster import connected
from lemma.engine.ray_models import open_models
from lemma.exceptions import LemmaError
from lemma.models.backends.scripted import Scripted
from lemma.models.protocol import InterruptedAnswerError, Message, Request, Sampling
from lemma.rundir.journal import Journal
from lemma.rundir.lines import NOT_YET, StoredLine

ray = pytest.importorskip("ray")
ROOT = Path(__file__).resolve().parent.parent
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="starts a Ray cluster, and looks for its workers in /proc"),
    pytest.mark.filterwarnings("ignore"),  # Ray's own
]
FILES = ("problems", "solutions", "erroneous", "corrections", "rejected", "sft/lemma")
FEW_AT_ONCE = 4
PATIENCE = 600.0  # seconds, for a slow and busy machine
PATIENCE_WITH_ONE = 60.0


def patiently(function: Callable[..., Any], patience: float = PATIENCE) -> Callable[..., Any]:
    """The function, called again while it fails."""

    def call(*arguments: Any) -> Any:
        until = time.monotonic() + patience
        while True:
            try:
                return function(*arguments)
            except (RuntimeError, LemmaError):
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)

    return call


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes with one core each, and a Ray Client server. It takes seconds to start, so all tests share it, in any
    order; some of them leave other nodes than these behind, for a while.
    """
    from ray.cluster_utils import Cluster

    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # short, as it holds sockets
    with pytest.MonkeyPatch.context() as patch, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        patch.setenv("RAY_TMPDIR", folder)
        (Path(folder) / "ray").mkdir()  # where it notes its address
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_agent_register_timeout_ms", "300000")  # or a node on a busy machine ends itself at its start
        patch.setattr(pool, "_BATCH", FEW_AT_ONCE)
        started = Cluster()
        try:
            # A slow machine may take longer than Ray's own 30 seconds for a node to be known.
            get_node = ray._private.services.get_node
            patch.setattr("ray._private.services.get_node", patiently(get_node, PATIENCE_WITH_ONE))
            head = {"include_dashboard": False, "temp_dir": folder, "ray_client_server_port": port}
            started.add_node(wait=False, num_cpus=1, **head)
            # One that has ended itself all the same is replaced.
            patiently(lambda: started.add_node(wait=False, num_cpus=1))()
            started.wait_for_nodes(timeout=PATIENCE)
            patch.setenv("RAY_ADDRESS", started.address)
            started.client = f"ray://127.0.0.1:{port}"
            yield started
        finally:
            ray.shutdown()
            started.shutdown()
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "problems.jsonl"
    rows = (
        {
            "question": f"Ada has {n} pens and gets {n + 2} more. Then she gives 1 away. How many pens are there?",
            "answer": f"She has {n} + {n + 2} = {2 * n + 2}.\nThen {2 * n + 2} - 1 = {2 * n + 1}.\n#### {2 * n + 1}",
        }
        for n in range(3, 63)
    )
    path.write_text("no json\n" + "".join(json.dumps(row) + "\n" for row in rows))
    return path


def contents(run: Path) -> dict[str, bytes]:
    return {name: path.read_bytes() for name in FILES if (path := run / f"{name}.jsonl").exists()}


@pytest.fixture(scope="module")
def augmented(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the local engine makes."""
    run = tmp_path_factory.mktemp("local") / "run"
    assert main(["augment", str(data), "--run", str(run), "--workers", "1"]) == 0
    return contents(run)


def augment_on_ray(data: Path, run: Path) -> list[str]:
    return ["augment", str(data), "--run", str(run), "--engine", "ray"]


@pytest.mark.usefixtures("cluster")
def test_every_command_makes_the_bytes_of_the_local_engine(data: Path, tmp_path: Path) -> None:
    outputs = tmp_path / "outputs.jsonl"
    questions = [json.loads(line)["question"] for line in data.read_text().splitlines()[1:9]]
    outputs.write_text("".join(json.dumps({"question": one, "output": "#### 9"}) + "\n" for one in questions))
    for engine in ("ray", "local"):
        run = tmp_path / engine
        for command in (
            ["sample", str(data), "-n", "1", "--limit", "20"],
            ["analyze"],
            ["augment", str(data)],
            ["correct"],
            ["build-sft"],
            ["eval", str(data), "--from", str(outputs)],
        ):
            assert main([*command, "--run", str(run), "--engine", engine, "--workers", "1"]) == 0
    made = {engine: contents(tmp_path / engine) for engine in ("ray", "local")}
    assert len(made["ray"]) == len(FILES)
    assert made["ray"] == made["local"]
    graded = [(tmp_path / engine / "eval" / "outputs" / "outputs.jsonl").read_bytes() for engine in made]
    assert graded[0] == graded[1] != b""


def when(numbers: Container[int], harm: Callable[[], None], patch: pytest.MonkeyPatch) -> list[int]:
    """Do something as the journal appends for these times. Returns the numbers of the times so far."""
    real, seen = Journal.append, []

    def append(self: Journal, chunk: Any) -> None:
        seen.append(len(seen))
        if len(seen) in numbers:
            harm()
        real(self, chunk)

    patch.setattr(Journal, "append", append)
    return seen


WORKERS = (b"ray::_apply_on_node", b"ray::IDLE")


def workers(cluster: Any, titles: tuple[bytes, ...] = WORKERS) -> list[int]:
    """The processes that compute, or wait for work: children of the nodes' raylets with such a title."""
    return children({node.all_processes["raylet"][0].process.pid for node in cluster.list_all_nodes()}, titles)


def children(parents: set[int], titles: tuple[bytes, ...] = (b"",)) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(") ")[2].split()[1])
            if parent in parents and (folder / "cmdline").read_bytes().startswith(titles):
                found.append(int(folder.name))
    return found


def test_killed_workers_are_replaced(
    cluster: Any, data: Path, augmented: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them, twice."""
    killed: list[int] = []

    def kill() -> None:
        killed.append(0)
        for pid in workers(cluster):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                killed[-1] += 1

    seen = when((1, 8), kill, monkeypatch)
    assert main(augment_on_ray(data, tmp_path)) == 0
    assert len(seen) >= 15
    assert len(killed) == 2
    assert sum(killed) > 0
    assert contents(tmp_path) == augmented


def test_a_killed_node_is_done_without(
    cluster: Any, data: Path, augmented: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = cluster.add_node(wait=False, num_cpus=1)
    cluster.wait_for_nodes(timeout=PATIENCE)
    when((3,), lambda: cluster.remove_node(node, allow_graceful=False), monkeypatch)
    assert main(augment_on_ray(data, tmp_path)) == 0
    assert contents(tmp_path) == augmented


KILLED_DRIVER = f"""
import os, signal, sys
from lemma.cli import main
from lemma.engine import pool
from lemma.rundir.journal import Journal

pool._BATCH = {FEW_AT_ONCE}
real, seen = Journal.append, []

def append(self, chunk):
    real(self, chunk)
    seen.append(chunk)
    if len(seen) == 6:
        self._sync()
        os.kill(os.getpid(), signal.SIGKILL)

Journal.append = append
main(sys.argv[1:])
"""


@pytest.mark.usefixtures("cluster")
def test_a_killed_driver_resumes(data: Path, augmented: dict[str, bytes], tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED_DRIVER, *augment_on_ray(data, tmp_path)]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=PATIENCE, check=False)
    assert done.returncode == -signal.SIGKILL
    acknowledged = (tmp_path / ".state" / "augment.jsonl").read_bytes().splitlines()
    assert len(acknowledged) == 6
    assert main(augment_on_ray(data, tmp_path)) == 0
    assert contents(tmp_path) == augmented
    assert (tmp_path / ".state" / "augment.jsonl").read_bytes().splitlines()[:6] == acknowledged  # not made again


def lines(count: int) -> list[StoredLine]:
    return [StoredLine(str(number), b"") for number in range(count)]


@pytest.mark.usefixtures("cluster")
def test_errors_are_those_of_the_function() -> None:
    def refuse(line: StoredLine) -> Outcome:
        if line.id == "5":
            raise ZeroDivisionError("by a line")
        return Outcome(line.id)

    def explain(line: StoredLine) -> Outcome:
        raise LemmaError(f"{line.id} is a fault")

    with pytest.raises(ZeroDivisionError, match="by a line"):
        list(pool.chunks_of(refuse, lines(9), 1, "ray"))
    with pytest.raises(LemmaError, match=r"^0 is a fault$"):
        list(pool.chunks_of(explain, lines(9), 1, "ray"))


@pytest.mark.usefixtures("cluster")
def test_what_kills_every_worker_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lemma.engine.ray_pool._TIMES_SENT", 2)
    monkeypatch.setattr("lemma.engine.ray_pool._RETRIES", 0)

    def die(line: StoredLine) -> Outcome:
        if line.id == "2":
            os.kill(os.getpid(), signal.SIGKILL)
        return Outcome(line.id)

    with pytest.raises(LemmaError, match="died 2 times on the same inputs, from 0"):
        list(pool.chunks_of(die, lines(3), 1, "ray"))


@pytest.mark.usefixtures("cluster")
def test_a_cluster_without_room_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the user is told."""
    monkeypatch.setattr("lemma.engine.ray_pool._SECONDS_WITHOUT_A_WORD", 0.1)

    def slow(line: StoredLine) -> Outcome:
        time.sleep(0.5)
        return Outcome(line.id)

    said: list[str] = []
    (chunk,) = pool.chunks_of(slow, lines(1), 1, "ray", said.append)
    assert chunk.ids == ("0",)
    (told,) = said
    assert re.fullmatch(r"nothing from the Ray cluster yet: \d of its \d CPUs are free; see `ray status`", told)


@pytest.mark.usefixtures("cluster")
def test_the_order_stays_and_prompts_travel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "solve.jinja").write_text("own {{ question }}")
    monkeypatch.setenv("LEMMA_PROMPTS", str(tmp_path))

    def shown(line: StoredLine) -> Outcome:
        from lemma.resources import prompt_files

        outcome = Outcome(line.id)
        (prompt,) = prompt_files("solve.jinja")
        outcome.add_line("x", json.dumps([line.id, str(prompt.parent), prompt.read_text()]).encode() + b"\n")
        return outcome

    inputs: Iterator[StoredLine] = iter([*lines(5), NOT_YET, NOT_YET, *lines(11)[5:], NOT_YET])
    made = b"".join(chunk.lines.get("x", b"") for chunk in pool.chunks_of(shown, inputs, 1, "ray"))
    rows = [json.loads(line) for line in made.splitlines()]
    assert [row[0] for row in rows] == [str(number) for number in range(11)]
    assert {row[2] for row in rows} == {"own {{ question }}"}
    assert str(tmp_path) not in {row[1] for row in rows}


DRIVER = """
import shutil, sys
from pathlib import Path
sys.path[:] = [sys.argv[1], *(path for path in sys.path if not Path(path, "lemma", "cli.py").exists())]
from lemma.engine.outcome import Outcome
from lemma.engine.pool import chunks_of
from lemma.engine.ray_cluster import connected
from lemma.rundir.lines import StoredLine
import lemma.engine.ray_pool
connected("ray", 1)
shutil.rmtree(sys.argv[1])

def where(line):
    import lemma
    from lemma.resources import data_folder
    outcome = Outcome(line.id)
    outcome.add_line("x", f"{lemma.__file__} {data_folder('error_taxonomy')}".encode())
    return outcome

(chunk,) = chunks_of(where, [StoredLine("a", b"")], 1, "ray")
print(chunk.lines["x"].decode())
"""


@pytest.mark.usefixtures("cluster")
def test_the_package_travels(tmp_path: Path) -> None:
    """To nodes that do not see this machine's files: the package that the driver began with is gone."""
    for name in ("lemma", "error_taxonomy", "prompts", "pipelines"):
        shutil.copytree(ROOT / name, tmp_path / "copy" / name, ignore=shutil.ignore_patterns("__pycache__"))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(tmp_path / "copy")],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    package, taxonomy = done.stdout.splitlines()[-1].split()
    assert "py_modules_files" in package
    assert taxonomy == str(Path(package).parent / "_data" / "error_taxonomy")


async def answers(backend: Any, harm: Callable[[], None] = lambda: None) -> list[bytes]:
    """What a backend answers to 60 requests, four at once. After 20 of them, something is done."""
    requests = [Request("student", (Message("user", f"question {n}"),), Sampling(), n) for n in range(60)]
    limited, answered = asyncio.Semaphore(4), []

    async def one(request: Request) -> bytes:
        async with limited:
            while True:
                try:
                    answered.append(await backend.answer(request))
                except InterruptedAnswerError:  # as Attempts does, that asks again
                    await asyncio.sleep(0.1)
                else:
                    if len(answered) == 20:
                        harm()
                    return answered[-1]

    try:
        return await asyncio.gather(*map(one, requests))
    finally:
        await backend.close()


@pytest.fixture
def on_every_node(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("lemma.models.several_servers._FIRST_REST", 0.1)
    monkeypatch.setattr("lemma.engine.ray_models._SECONDS_TO_START", 2.0)  # one may be asked for on a lost node
    backend = open_models("scripted", SampleConfig(engine="ray", max_in_flight=4), "student")
    assert len(backend.name.split(", ")) >= 2  # other tests of this cluster may have added nodes
    return backend


def test_models_in_actors_answer_whatever_is_killed(cluster: Any, on_every_node: Any) -> None:
    """Each node has one, and both answer; the ones of a killed process are asked again."""

    def kill() -> None:
        os.kill(workers(cluster, (b"ray::_Model",))[0], signal.SIGKILL)

    assert asyncio.run(answers(on_every_node, kill)) == asyncio.run(answers(Scripted("student")))


@pytest.fixture
def full_node(cluster: Any) -> Iterator[None]:
    """Somebody else holds one of the two cores."""
    connected("ray", 1)
    holder = ray.remote(num_cpus=1)(type("Holder", (), {})).remote()
    ray.get(holder.__ray_ready__.remote())
    yield
    ray.kill(holder)


@pytest.mark.usefixtures("full_node")
def test_an_actor_without_a_node_is_done_without(monkeypatch: pytest.MonkeyPatch, on_every_node: Any) -> None:
    monkeypatch.setattr("lemma.engine.ray_models._SECONDS_TO_START", 0.2)
    assert asyncio.run(answers(on_every_node)) == asyncio.run(answers(Scripted("student")))


def sample_and_augment(data: Path, folder: Path, engine: str) -> dict[str, bytes]:
    """With a model of rules, given by a relative path, in actors if the engine is Ray."""
    sample = ["sample", str(data), "-n", "2", "--model", "rules.yaml", "--backend", "scripted"]
    for command in (sample, ["augment", str(data)]):
        assert main([*command, "--limit", "20", "--run", str(folder / "run"), "--engine", engine]) == 0
    return contents(folder / "run")


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("lemma.engine.ray_models.IN_PROCESS", ("scripted",))
    monkeypatch.setattr("lemma.engine.ray_models._SECONDS_TO_START", 2.0)
    Path("rules.yaml").write_text(json.dumps({"rules": [{"answers": ["7 + 9 = 16\n#### 16", "#### 9"]}]}))


@pytest.mark.usefixtures("rules", "cluster")
def test_models_on_nodes_sample_the_same_bytes(data: Path, tmp_path: Path) -> None:
    local = sample_and_augment(data, tmp_path / "local", "local")
    assert set(local) == {"problems", "solutions", "erroneous", "rejected"}
    assert sample_and_augment(data, tmp_path / "ray", "ray") == local


@pytest.mark.usefixtures("rules")
def test_the_client(
    cluster: Any, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`ray://` reaches the same cluster from outside. A server that is not there, or is lost, is said in a line."""
    monkeypatch.setenv("RAY_CLIENT_RECONNECT_GRACE_PERIOD", "1")
    ray.shutdown()
    try:
        assert main(["augment", str(data), "--run", str(tmp_path / "dead"), "--engine", "ray://127.0.0.1:1"]) == 1
        (error,) = capsys.readouterr().err.splitlines()
        assert error.startswith("lemma: --engine ray://127.0.0.1:1: [Errno")
        patiently(connected)(cluster.client, 1)  # a busy machine may be too slow at first
        made = sample_and_augment(data, tmp_path / "client", cluster.client)
        assert made == sample_and_augment(data, tmp_path / "local", "local")
        assert ray.util.client.ray.is_connected()
        server = cluster.head_node.all_processes["ray_client_server"][0].process.pid
        for pid in [*children({server}), server]:
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(LemmaError, match=r"^the Ray cluster is gone"):
            list(pool.chunks_of(lambda line: Outcome(line.id), lines(9), 1, cluster.client))
    finally:
        ray.shutdown()
