"""From a stage's configuration to a teacher that can be asked. Adding a backend adds a line to BACKENDS."""

from __future__ import annotations

import os
from collections.abc import Callable

from lemma.config import ModelConfig
from lemma.exceptions import ConfigError
from lemma.models.backend_choice import OPENAI
from lemma.models.backends.openai_compatible import OpenAICompatible
from lemma.models.backends.scripted import Scripted
from lemma.models.batch import BatchClient
from lemma.models.client import Client, DryClient, LiveClient, Patience
from lemma.models.costs import Ledger, read_prices
from lemma.models.protocol import Backend
from lemma.rundir.responses import ResponseStore


def _openai_compatible(config: ModelConfig, model: str) -> OpenAICompatible:
    key = os.environ.get(config.key_variable) or None
    return OpenAICompatible(config.base_url or OPENAI, key, config.key_variable, config.max_in_flight)


def _vllm(config: ModelConfig, model: str) -> Backend:
    from lemma.models.backends.vllm import Vllm

    return Vllm(model)


def _transformers(config: ModelConfig, model: str) -> Backend:
    from lemma.models.backends.transformers import LocalTransformers

    return LocalTransformers(model)


def _scripted(config: ModelConfig, model: str) -> Backend:
    return Scripted(model)


BACKENDS: dict[str, Callable[[ModelConfig, str], Backend]] = {
    "openai_compatible": _openai_compatible,
    "transformers": _transformers,
    "vllm": _vllm,
    "scripted": _scripted,
}


def open_client(config: ModelConfig, model: str, store: ResponseStore) -> Client:
    """What a stage asks. Raises ConfigError for an unknown backend, ModelError where it can't be used."""
    if config.backend not in BACKENDS:
        raise ConfigError(f"--backend {config.backend}: there is none; there are: {', '.join(BACKENDS)}")
    prices = read_prices(config.prices) if config.prices else {}
    ledger = Ledger(model, prices.get(model), config.budget_tokens, config.budget_usd)
    if config.dry_run:
        return DryClient(store)
    if config.batch:
        server = _openai_compatible(config, model) if config.backend == "openai_compatible" else None
        return BatchClient(server, store, ledger, config.command, config.run / "batch")
    patience = Patience(
        max_in_flight=config.max_in_flight,
        requests_per_minute=config.requests_per_minute,
        tokens_per_minute=config.tokens_per_minute,
        timeout=config.timeout,
        deadline=config.deadline,
        breaker=config.give_up_after,
    )
    return LiveClient(BACKENDS[config.backend](config, model), store, ledger, config.command, patience)
