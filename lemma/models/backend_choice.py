"""Which backend serves a model, if the user does not say: the one rule, for every command."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from lemma.options import ModelConfig
from lemma.resources import BUNDLED

OPENAI = "https://api.openai.com/v1"
IN_PROCESS = ("transformers", "vllm")
_AT_ONCE, _AT_ONCE_IN_PROCESS = 64, 256


def choose_backend(backend: str, model: str, base_url: str | None) -> str:
    """The backend to use. `auto` goes by what is given: an address, a folder, a file of rules, or a name.

    >>> choose_backend("auto", "gpt-4o", None), choose_backend("auto", "Qwen/Qwen2.5-1.5B", "http://localhost:8000/v1")
    ('openai_compatible', 'openai_compatible')
    >>> choose_backend("auto", "Qwen/Qwen2.5-1.5B", None), choose_backend("auto", "rules.yaml", None)
    ('transformers', 'scripted')
    """
    if backend != "auto":
        return backend
    if base_url is not None:
        return "openai_compatible"
    if model.endswith((".yaml", ".yml")) or (BUNDLED / "scripted" / f"{model}.yaml").is_file():
        return "scripted"
    if Path(model).is_dir() or "/" in model:
        return "transformers"
    return "openai_compatible"


def requests_at_once(config: ModelConfig, model: str) -> int:
    """How many requests may be in flight: as asked; or more for a model in this process, which makes them a batch."""
    if config.max_in_flight is not None:
        return config.max_in_flight
    here = choose_backend(config.backend, model, config.base_url) in IN_PROCESS
    return _AT_ONCE_IN_PROCESS if here else _AT_ONCE


def addresses_in(base_url: str) -> list[str]:
    """The addresses that `--base-url` names, by commas or one by one.

    >>> addresses_in("http://a/v1?x=1,2,http://b/v1")
    ['http://a/v1?x=1,2', 'http://b/v1']
    """
    return re.split(r",\s*(?=https?://)", base_url)


def address_of(config: ModelConfig) -> str | None:
    """The servers that a command asks, without what may be a secret in an address; None for a model in this process."""
    if config.backend != "openai_compatible":
        return None
    shown = []
    for address in addresses_in(config.base_url or OPENAI):
        try:
            parts = urlsplit(address)
        except ValueError:
            return None  # the client says what is wrong with it
        shown.append(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")
    return ", ".join(shown)
