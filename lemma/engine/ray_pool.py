"""Map a pure function over batches of inputs on a Ray cluster: in order, bounded in flight, what is lost made again.

A batch whose worker or node is gone is sent again: the function is pure, so what it makes is the same anywhere. The
journal stays with the command, so the files are those of the local engine, byte for byte.
"""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from lemma.engine.outcome import Outcome, chunk_of
from lemma.engine.ray_cluster import connected
from lemma.exceptions import LemmaError
from lemma.resources import OWN_PROMPTS
from lemma.rundir.journal import Chunk

_BATCHES_IN_FLIGHT_PER_CPU = 3
_TIMES_SENT = 3
_RETRIES = 3
"""By Ray itself, each time; a node that is taken away with notice does not count."""
_SECONDS_BETWEEN_COUNTS = 5.0


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


def chunks_from_ray(
    function: Callable[[Any], Outcome], batches: Iterator[list[Any]], engine: str, workers: int
) -> Iterator[Chunk]:
    """What the workers make of the batches, in order; an empty chunk while there is nothing to do.

    Raises what the function raises, and LemmaError if the same batch is lost again and again, or the cluster is gone.
    """
    ray = connected(engine, workers)
    # In the cluster once, and read once by each worker: it may hold an index of a whole file.
    holder = [ray.put((function, Surroundings.here()))]
    remote = ray.remote(_apply_on_node).options(num_cpus=1, max_retries=_RETRIES)

    def receive(sent: _Sent) -> Chunk:
        while True:
            try:
                made = ray.get(sent.made)
            except ray.exceptions.RayTaskError as error:
                raise getattr(error, "cause", None) or error from None
            except ray.exceptions.RayError as error:
                if sent.times == _TIMES_SENT:
                    raise LemmaError(
                        f"Ray workers died {_TIMES_SENT} times on the same inputs, from {sent.batch[0].id} "
                        f"({type(error).__name__}: killed, or out of memory). Rerun the command to resume"
                    ) from None
                sent.made, sent.times = remote.remote(holder, sent.batch), sent.times + 1
            except ConnectionError as error:
                raise LemmaError(f"the Ray cluster is gone ({error}). Rerun the command to resume") from None
            else:
                if isinstance(made, str):
                    raise LemmaError(made)
                chunk: Chunk = made
                return chunk

    waiting: deque[_Sent] = deque()
    most, counted = 0, -_SECONDS_BETWEEN_COUNTS
    try:
        for batch in batches:
            if not batch:
                ready = waiting and ray.wait([waiting[0].made], timeout=0)[0]
                yield receive(waiting.popleft()) if ready else Chunk((), {}, {})
                continue
            waiting.append(_Sent(batch, remote.remote(holder, batch)))
            if time.monotonic() - counted > _SECONDS_BETWEEN_COUNTS:  # nodes come and go
                cpus = int(ray.cluster_resources().get("CPU", 1))
                most, counted = max(1, cpus) * _BATCHES_IN_FLIGHT_PER_CPU, time.monotonic()
            while len(waiting) > most:
                yield receive(waiting.popleft())
        while waiting:
            yield receive(waiting.popleft())
    finally:
        for sent in waiting:
            ray.cancel(sent.made)


_held: dict[str, Callable[[Any], Outcome]] = {}


def _apply_on_node(holder: list[Any], batch: list[Any]) -> Chunk | str:
    """In a worker: what the function makes of a batch, or what a LemmaError says."""
    import ray

    key = holder[0].hex()
    try:
        if key not in _held:
            _held.clear()
            _held[key], surroundings = ray.get(holder[0])
            surroundings.take()
        return chunk_of([_held[key](item) for item in batch])
    except LemmaError as error:
        return str(error)
    except FileNotFoundError as error:
        return (
            f"a Ray worker on {platform.node()} does not see {error.filename}: with several machines, the run "
            "directory and the data have to be on a file system that all of them share"
        )
