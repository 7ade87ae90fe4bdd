"""From a command's configuration to a model that can be asked, or that scores.

BACKENDS is the table of what comes with lemma. Other packages add to it by an entry point of the group
`lemma.backends`, whose name is what `--backend` takes:

    [project.entry-points."lemma.backends"]
    my_backend = "my_package:open_backend"      # called as open_backend(config, model), returns a Backend
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import cast

from lemma.config import EndpointConfig
from lemma.exceptions import ConfigError
from lemma.models.attempts import Patience
from lemma.models.backends.openai_compatible import OPENAI_URL, OpenAICompatible
from lemma.models.batch import BatchClient
from lemma.models.client import Client, DryClient, LiveClient
from lemma.models.costs import Ledger, read_prices
from lemma.models.protocol import Backend
from lemma.models.scoring import ModelScorer, ScoringBackend
from lemma.rundir.responses import ResponseStore


def _openai_compatible(config: EndpointConfig, model: str) -> OpenAICompatible:
    key = os.environ.get(config.key_variable)
    return OpenAICompatible(config.base_url or OPENAI_URL, key, config.key_variable, config.max_in_flight, model)


def _transformers(config: EndpointConfig, model: str) -> Backend:
    from lemma.models.backends.transformers import LocalTransformers

    return LocalTransformers(model)


def _vllm(config: EndpointConfig, model: str) -> Backend:
    from lemma.models.backends.vllm import Vllm

    return Vllm(model)


def _scripted(config: EndpointConfig, model: str) -> Backend:
    from lemma.models.backends.scripted import Scripted

    return Scripted(model)


BACKENDS: dict[str, Callable[[EndpointConfig, str], Backend]] = {
    "openai_compatible": _openai_compatible,
    "transformers": _transformers,
    "vllm": _vllm,
    "scripted": _scripted,
}
ENTRY_POINTS = "lemma.backends"


def resolved_backend(backend: str, model: str, base_url: str | None, scores: bool = False) -> str:
    """The backend that `auto` means: a server if there is an address; else this machine for a folder or a Hugging Face
    id (`owner/name`), rules for a YAML file; else OpenAI's server, which `scores` nothing.
    """
    if backend != "auto":
        return backend
    if base_url:
        return "openai_compatible"
    if model.endswith((".yaml", ".yml")):
        return "scripted"
    return "transformers" if scores or "/" in model or Path(model).is_dir() else "openai_compatible"


def open_backend(name: str, config: EndpointConfig, model: str) -> Backend:
    """A backend of the table or of another package. Raises ConfigError if there is none of this name."""
    if name in BACKENDS:
        return BACKENDS[name](config, model)
    others = entry_points(group=ENTRY_POINTS)
    if name not in others.names:
        raise ConfigError(
            f"--backend {name}: there is none; there are: {', '.join([*BACKENDS, *sorted(others.names)])}"
        )
    return cast(Backend, others[name].load()(config, model))


def open_client(config: EndpointConfig, model: str, store: ResponseStore) -> Client:
    """What a command asks. Raises ConfigError for an unknown backend, ModelError if it can't be used."""
    prices = read_prices(config.prices) if config.prices else {}
    ledger = Ledger(model, prices.get(model), config.budget_tokens, config.budget_usd)
    if config.dry_run:
        return DryClient(store)
    name = resolved_backend(config.backend, model, config.base_url)
    if config.batch:
        server = _openai_compatible(config, model) if name == "openai_compatible" else None
        return BatchClient(server, store, ledger, config.command, config.run / "batch")
    backend = open_backend(name, config, model)
    return LiveClient(backend, store, ledger, config.command, _patience(config, backend))


def open_scorer(backend: str, model: str, base_url: str | None, key_variable: str = "OPENAI_API_KEY") -> ModelScorer:
    """A model that scores; only `openai_compatible` uses the address and the key.

    Raises ConfigError for an unknown backend, one that can't score, or a model that is not there, MissingExtraError for
    a missing library.
    """
    config = EndpointConfig(base_url=base_url or OPENAI_URL, key_variable=key_variable)
    opened = open_backend(resolved_backend(backend, model, base_url, scores=True), config, model)
    if not hasattr(opened, "score"):
        raise ConfigError(f"--backend {backend} can't score texts; use transformers, vllm or a vLLM server")
    return ModelScorer(cast(ScoringBackend, opened), _patience(config, opened))


def _patience(config: EndpointConfig, backend: Backend) -> Patience:
    patience = Patience(
        max_in_flight=config.max_in_flight,
        requests_per_minute=config.requests_per_minute,
        tokens_per_minute=config.tokens_per_minute,
        timeout=config.timeout,
        deadline=config.deadline,
        breaker=config.give_up_after,
    )
    if getattr(backend, "in_process", False):
        # What waits for its turn on this machine is not lost, however long that takes.
        return replace(patience, timeout=math.inf, deadline=math.inf)
    return patience
