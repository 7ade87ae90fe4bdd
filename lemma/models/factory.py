"""From a command's configuration to a model that can be asked, or that scores.

BACKENDS is the table of what comes with lemma. Other packages add to it by an entry point of the group
`lemma.backends`, whose name is what `--backend` takes:

    [project.entry-points."lemma.backends"]
    my_backend = "my_package:open_backend"      # called as open_backend(config, model), returns a Backend
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import entry_points
from typing import cast

from lemma.exceptions import ConfigError
from lemma.models.attempts import Patience
from lemma.models.backend_choice import IN_PROCESS, OPENAI, addresses_in, choose_backend, requests_at_once
from lemma.models.backends.openai_compatible import OpenAICompatible
from lemma.models.batch import BatchClient
from lemma.models.client import Client, ClientWithFields, DryClient, LiveClient, SeveralClients
from lemma.models.costs import Ledger, read_prices
from lemma.models.protocol import Backend
from lemma.models.scoring import ModelScorer, ScoringBackend
from lemma.models.several_servers import SeveralServers
from lemma.options import ModelConfig
from lemma.rundir.responses import ResponseStore


def _openai_compatible(config: ModelConfig, model: str) -> OpenAICompatible | SeveralServers:
    key = os.environ.get(config.key_variable)
    servers = [
        OpenAICompatible(address, key, config.key_variable, requests_at_once(config, model), model)
        for address in addresses_in(config.base_url or OPENAI)
    ]
    return servers[0] if len(servers) == 1 else SeveralServers(servers)


def _transformers(config: ModelConfig, model: str) -> Backend:
    from lemma.models.backends.transformers import LocalTransformers

    return LocalTransformers(model)


def _vllm(config: ModelConfig, model: str) -> Backend:
    from lemma.models.backends.vllm import Vllm

    return Vllm(model)


def _scripted(config: ModelConfig, model: str) -> Backend:
    from lemma.models.backends.scripted import Scripted

    return Scripted(model)


BACKENDS: dict[str, Callable[[ModelConfig, str], Backend]] = {
    "openai_compatible": _openai_compatible,
    "transformers": _transformers,
    "vllm": _vllm,
    "scripted": _scripted,
}
ENTRY_POINTS = "lemma.backends"


def open_backend(name: str, config: ModelConfig, model: str) -> Backend:
    """A backend of the table or of another package. Raises ConfigError if there is none of this name."""
    if name in BACKENDS:
        return BACKENDS[name](config, model)
    others = entry_points(group=ENTRY_POINTS)
    if name not in others.names:
        raise ConfigError(
            f"--backend {name}: there is none; there are: {', '.join([*BACKENDS, *sorted(others.names)])}"
        )
    return cast(Backend, others[name].load()(config, model))


def open_clients(
    models: Mapping[str, ModelConfig],
    store: ResponseStore,
    open_it: Callable[[str, ModelConfig, str], Backend] = open_backend,
) -> Client:
    """What a command asks: one or more models, with how to reach each. They share the budget. `open_it` opens each.

    Raises ConfigError for an unknown backend, ModelError if it can't be used.
    """
    if any(config.dry_run for config in models.values()):
        return _with_fields(DryClient(store), next(iter(models.values())))
    if len(models) > 1 and any(config.batch for config in models.values()):
        raise ConfigError(f"--batch asks one model, and this command asks {' and '.join(models)}; leave it out")
    ledgers: list[Ledger] = []
    for model, config in models.items():
        prices = read_prices(config.prices) if config.prices else {}
        ledgers.append(Ledger(model, prices.get(model), config.budget_tokens, config.budget_usd, beside=ledgers))
    clients = {ledger.model: _open_client(models[ledger.model], store, ledger, open_it) for ledger in ledgers}
    return next(iter(clients.values())) if len(clients) == 1 else SeveralClients(clients)


def _open_client(
    config: ModelConfig,
    store: ResponseStore,
    ledger: Ledger,
    open_it: Callable[[str, ModelConfig, str], Backend],
) -> Client:
    model = ledger.model
    name = choose_backend(config.backend, model, config.base_url)
    if config.request and name in (*IN_PROCESS, "scripted"):
        raise ConfigError(f"--request changes what a server is sent, and --backend {name} asks none; leave it out")
    client: Client
    if config.batch:
        server = _openai_compatible(config, model) if name == "openai_compatible" else None
        if isinstance(server, SeveralServers):
            raise ConfigError("--batch hands its requests to one server: give one --base-url")
        client = BatchClient(server, store, ledger, config.command, config.run / "batch")
    else:
        backend = open_it(name, config, model)
        patience = _patience(config, backend, model)
        client = LiveClient(backend, store, ledger, config.command, patience, ask_again=config.ask_again)
    return _with_fields(client, config)


def _with_fields(client: Client, config: ModelConfig) -> Client:
    return ClientWithFields(client, config.request) if config.request else client


def open_scorer(backend: str, model: str, base_url: str | None, key_variable: str = "OPENAI_API_KEY") -> ModelScorer:
    """A model that scores; only `openai_compatible` uses the address and the key.

    Raises ConfigError for an unknown backend, one that can't score, or a model that is not there, MissingExtraError for
    a missing library.
    """
    config = ModelConfig(base_url=base_url or OPENAI, key_variable=key_variable)
    opened = open_backend(choose_backend(backend, model, base_url or None), config, model)
    if not hasattr(opened, "score"):
        raise ConfigError(f"--backend {backend} can't score texts; use transformers, vllm or a vLLM server")
    return ModelScorer(cast(ScoringBackend, opened), _patience(config, opened, model))


def _patience(config: ModelConfig, backend: Backend, model: str) -> Patience:
    patience = Patience(
        max_in_flight=requests_at_once(config, model),
        requests_per_minute=config.requests_per_minute,
        tokens_per_minute=config.tokens_per_minute,
        timeout=config.timeout,
        deadline=config.deadline,
        breaker=config.give_up_after,
    )
    if getattr(backend, "in_process", False):
        # What waits for its turn on this machine is not lost, however long that takes, and makes the batches large.
        return replace(patience, timeout=math.inf, deadline=math.inf, follows_latency=False)
    return patience
