"""Map a pure function over batches of inputs on a Ray cluster: in order, bounded in flight, what is lost made again.

A batch whose worker or node is gone is sent again: the function is pure, so what it makes is the same anywhere. The
journal stays with the command, so the files are those of the local engine, byte for byte.
"""

from __future__ import annotations

import gc
import os
import pickle
import platform
import tempfile
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from lemma.engine.outcome import Outcome, chunk_of
from lemma.engine.ray_cluster import connected, loss_as_error
from lemma.exceptions import LemmaError
from lemma.resources import OWN_PROMPTS
from lemma.rundir.journal import Chunk

_BATCHES_IN_FLIGHT_PER_CPU = 4  # enough to work on while the journal waits for the disk
_TIMES_SENT = 3
_RETRIES = 3
"""By Ray itself, each time; a node that is taken away with notice does not count."""
_SECONDS_BETWEEN_COUNTS = 5.0
_SECONDS_WITHOUT_A_WORD = 30.0


class Surroundings(NamedTuple):
    """What the function finds around it in this process, for workers that do not inherit it."""

    folder: str
    variables: Mapping[str, str]
    prompts: Mapping[str, bytes] | None

    @classmethod
    def here(cls) -> Surroundings:
        """Those of this process."""
        variables = {name: value for name, value in os.environ.items() if name.startswith("LEMMA_")}
        own = variables.pop(OWN_PROMPTS, None)
        files = [path for path in Path(own).rglob("*") if path.is_file()] if own else []
        prompts = {str(path.relative_to(str(own))): path.read_bytes() for path in files} if own else None
        return cls(str(Path.cwd()), variables, prompts)

    def take(self) -> None:
        """Make them those of this process."""
        if Path(self.folder).is_dir():
            os.chdir(self.folder)  # relative paths mean the same
        for name in [name for name in os.environ if name.startswith("LEMMA_")]:
            del os.environ[name]
        os.environ.update(self.variables)
        if self.prompts is not None:
            os.environ[OWN_PROMPTS] = tempfile.mkdtemp(prefix="lemma-prompts-")
            for name, content in self.prompts.items():
                path = Path(os.environ[OWN_PROMPTS], name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)


@dataclass
class _Sent:
    """A batch on its way, and the reference to what will be made of it."""

    batch: list[Any]
    made: Any
    times: int = 1


class _Nodes:
    """A cluster that applies a function to batches."""

    def __init__(self, ray: Any, function: Callable[[Any], Outcome], say: Callable[[str], None]) -> None:
        self._ray, self._say, self._has_answered = ray, say, False
        # In the cluster once, and read once by each worker: it may hold an index of a whole file.
        with loss_as_error():
            self._holder = [ray.put((function, Surroundings.here()))]
        self._remote = ray.remote(_apply_on_node).options(num_cpus=1, max_retries=_RETRIES, enable_task_events=False)
        self._room, self._counted = 0, -_SECONDS_BETWEEN_COUNTS

    def send(self, batch: list[Any]) -> _Sent:
        """Send a batch."""
        with loss_as_error():
            return _Sent(batch, self._remote.remote(self._holder, _packed(batch)))

    def room(self) -> int:
        """How many batches may be in flight; nodes come and go."""
        if time.monotonic() - self._counted > _SECONDS_BETWEEN_COUNTS:
            with loss_as_error():
                cpus = int(self._ray.cluster_resources().get("CPU", 1))
            self._room, self._counted = max(1, cpus) * _BATCHES_IN_FLIGHT_PER_CPU, time.monotonic()
        return self._room

    def is_made(self, sent: _Sent) -> bool:
        """Whether `receive` returns at once."""
        with loss_as_error():
            return bool(self._ray.wait([sent.made], timeout=0)[0])

    def receive(self, sent: _Sent) -> Chunk:
        """What was made of a batch. One whose worker or node is lost is sent again."""
        errors = self._ray.exceptions
        while True:
            try:
                with loss_as_error():
                    made = self._wait_for(sent)
            except errors.RayTaskError as error:
                raise getattr(error, "cause", None) or error from None
            except errors.RuntimeEnvSetupError as error:
                raise LemmaError(f"no Ray worker can start: {str(error).strip().splitlines()[0]}") from None
            except errors.RayError as error:
                if sent.times == _TIMES_SENT:
                    raise LemmaError(
                        f"Ray workers died {_TIMES_SENT} times on the same inputs, from {sent.batch[0].id} "
                        f"({type(error).__name__}: killed, or out of memory). Rerun the command to resume"
                    ) from None
                sent.made, sent.times = self.send(sent.batch).made, sent.times + 1
            else:
                if isinstance(made, str):
                    raise LemmaError(made)
                chunk: Chunk = _unpacked(made)
                return chunk

    def _wait_for(self, sent: _Sent) -> Any:
        """A cluster may have no room for long, as others use it or its nodes are still to come: say so, once."""
        if not self._has_answered:
            if not self._ray.wait([sent.made], timeout=_SECONDS_WITHOUT_A_WORD)[0]:
                free, cpus = self._ray.available_resources(), self._ray.cluster_resources()
                self._say(
                    f"nothing from the Ray cluster yet: {free.get('CPU', 0):g} of its {cpus.get('CPU', 0):g} CPUs are "
                    "free; see `ray status`"
                )
            self._has_answered = True
        return self._ray.get(sent.made)


def chunks_from_ray(
    function: Callable[[Any], Outcome],
    batches: Iterator[list[Any]],
    engine: str,
    workers: int,
    say: Callable[[str], None],
) -> Iterator[Chunk]:
    """What the workers make of the batches, in order; an empty chunk while there is nothing to do.

    `say` is told if nothing comes for long. Raises what the function raises, and LemmaError if the same batch is lost
    again and again, or the cluster is gone.
    """
    nodes = _Nodes(connected(engine, workers), function, say)
    waiting: deque[_Sent] = deque()
    # If an error ends this early, the batches under way are left to themselves: Ray ends the process if one that it
    # cancels has just been made ("Tried to complete task that was not pending").
    for batch in batches:
        if not batch:
            ready = waiting and nodes.is_made(waiting[0])
            yield nodes.receive(waiting.popleft()) if ready else Chunk((), {}, {})
            continue
        waiting.append(nodes.send(batch))
        while len(waiting) > nodes.room():
            yield nodes.receive(waiting.popleft())
    while waiting:
        yield nodes.receive(waiting.popleft())


def _packed(value: Any) -> bytes:
    """As bytes that are few enough to travel with a task or its answer: more than 100 KB would have to be fetched from
    Ray's object store. Ray's own way to pickle also looks at each object in Python.
    """
    return zlib.compress(pickle.dumps(value, pickle.HIGHEST_PROTOCOL), level=1)


def _unpacked(content: bytes) -> Any:
    return pickle.loads(zlib.decompress(content))


_held: dict[str, Callable[[Any], Outcome]] = {}


def _apply_on_node(holder: list[Any], batch: bytes) -> bytes | str:
    """In a worker: the chunk that the function makes of a batch, or what a LemmaError says."""
    import ray

    key = holder[0].hex()
    try:
        if key not in _held:
            _held.clear()
            _held[key], surroundings = ray.get(holder[0])
            surroundings.take()
            # What is here by now stays, and is much, as it includes Ray: collecting garbage need not look through it.
            gc.collect()
            gc.freeze()
        return _packed(chunk_of([_held[key](item) for item in _unpacked(batch)]))
    except LemmaError as error:
        return str(error)
    except FileNotFoundError as error:
        return (
            f"a Ray worker on {platform.node()} does not see {error.filename}: with several machines, the run "
            "directory and the data have to be on a file system that all of them share"
        )
