"""A model in the memory of many GPUs of a Ray cluster, as one backend: `lemma sample --engine ray --backend vllm`.

One actor per GPU loads the model, and answers what this process asks it; on a cluster without GPUs, one per node does.
Each request goes to the actor with the fewest in flight. The answers are stored here, so nothing is asked again after a
kill; an actor that is lost is started again, and others answer meanwhile.

Ray itself would hold a request for an actor that waits for a node, however long that takes. So a request is only sent
to an actor that has started, and one that is lost is not restarted by Ray, which would take requests meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from lemma.engine.ray_cluster import connected, loss_as_error
from lemma.engine.ray_pool import Surroundings
from lemma.exceptions import LemmaError, ModelError
from lemma.models.backend_choice import IN_PROCESS, requests_at_once
from lemma.models.factory import open_backend
from lemma.models.protocol import Backend, InterruptedAnswerError, Request
from lemma.models.several_servers import SeveralServers
from lemma.options import ModelConfig

# An actor is a process that has loaded nothing yet. One that is not there after this time has no node to run on, for
# now: its requests go to others until it is there.
_SECONDS_TO_START = 30.0
_SECONDS_BETWEEN_LOOKS = 0.05


def open_model(name: str, config: ModelConfig, model: str) -> Backend:
    """The backend of a model: on the cluster of `--engine`, if the model is not on a server."""
    if config.engine != "local" and name in IN_PROCESS:
        return open_models(name, config, model)
    return open_backend(name, config, model)


def open_models(name: str, config: ModelConfig, model: str) -> SeveralServers:
    """The model on all GPUs of the cluster. Raises LemmaError if the cluster can't be used."""
    ray = connected(config.engine, config.workers)
    gpus = int(ray.cluster_resources().get("GPU", 0))
    alive = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    options: dict[str, Any] = {"num_gpus": 1} if gpus else {"num_cpus": 1, "scheduling_strategy": "SPREAD"}
    # A local backend takes few requests at once; an actor has to hold all that wait for it.
    actor = ray.remote(_Model).options(max_concurrency=requests_at_once(config, model), **options)
    surroundings = Surroundings.here()

    def start() -> Any:
        return actor.remote(surroundings, name, config, model)

    return SeveralServers([_Actor(ray, f"{model} ({number})", start) for number in range(1, (gpus or len(alive)) + 1)])


class _Actor:
    """One of the actors, as a backend."""

    in_process = True

    def __init__(self, ray: Any, name: str, start: Callable[[], Any]) -> None:
        self.name = self.identity = name
        self.notes: list[str] = []
        self._ray, self._start = ray, start
        self._begin()

    def _begin(self) -> None:
        self._actor = self._start()
        self._ready, self._began, self._has_started = self._actor.ready.remote(), time.monotonic(), False

    async def answer(self, request: Request) -> bytes:
        """What the actor answers. Raises what its backend raises, InterruptedAnswerError if it is lost or can't start,
        LemmaError if the whole cluster is gone.
        """
        asked = self._actor
        try:
            while not self._has_started:
                # Also if it has failed to start, as the request will then say.
                with loss_as_error():
                    self._has_started = bool(self._ray.wait([self._ready], timeout=0)[0])
                if not self._has_started:
                    if time.monotonic() - self._began > _SECONDS_TO_START:
                        raise InterruptedAnswerError(f"{self.name}: no node of the Ray cluster has room for it")
                    await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
            asked = self._actor
            with loss_as_error():
                raw: bytes = await asked.answer.remote(request)
        except self._ray.exceptions.RayTaskError as error:
            raise getattr(error, "cause", None) or error from None
        except self._ray.exceptions.RayError as error:
            if self._actor is asked:  # else another request has noticed
                self._begin()
            raise InterruptedAnswerError(f"{self.name}: the Ray actor is gone ({type(error).__name__})") from None
        return raw

    async def close(self) -> None:
        """End the actor, and with it what it holds of the GPU."""
        with suppress(Exception):  # the cluster may be what is lost
            self._ray.kill(self._actor)


class _Model:
    """In a worker: the backend, opened with the first request."""

    def __init__(self, surroundings: Surroundings, name: str, config: ModelConfig, model: str) -> None:
        surroundings.take()
        self._named = name, config, model
        self._backend: Backend | None = None
        self._opening = asyncio.Lock()

    async def ready(self) -> None:
        """Returns as soon as the actor has a process."""

    async def answer(self, request: Request) -> bytes:
        """The raw answer."""
        async with self._opening:
            if self._backend is None:
                try:
                    self._backend = open_backend(*self._named)
                except LemmaError as error:
                    raise ModelError(str(error)) from None  # not all errors survive the way back
        return await self._backend.answer(request)
