"""From names to a model that scores. Adding a backend adds a line to BACKENDS."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

from lemma.exceptions import ConfigError, MissingExtraError
from lemma.trajectories.phrase_scores import Scorer


def _transformers(model: str, base_url: str, key_variable: str) -> Scorer:
    for library in ("torch", "transformers"):
        if find_spec(library) is None:
            raise MissingExtraError(library, "train")
    from lemma.models.backends.transformers_scoring import TransformersScorer

    return TransformersScorer(model)


def _openai_compatible(model: str, base_url: str, key_variable: str) -> Scorer:
    from lemma.models.backends.openai_scoring import ServerScorer

    return ServerScorer(model, base_url, key_variable)


def _vllm(model: str, base_url: str, key_variable: str) -> Scorer:
    from lemma.models.backends.vllm_scoring import VllmScorer

    return VllmScorer(model)


BACKENDS: dict[str, Callable[[str, str, str], Scorer]] = {
    "transformers": _transformers,
    "openai_compatible": _openai_compatible,
    "vllm": _vllm,
}


def open_scorer(backend: str, model: str, base_url: str, key_variable: str = "OPENAI_API_KEY") -> Scorer:
    """A model that scores; only `openai_compatible` uses the address and the key.

    Raises ConfigError for an unknown backend or a model that is not there, MissingExtraError for a missing library.
    """
    if backend not in BACKENDS:
        raise ConfigError(f"--backend {backend}: there is none that scores; there are: {', '.join(BACKENDS)}")
    return BACKENDS[backend](model, base_url, key_variable)
