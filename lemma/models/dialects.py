"""What some servers refuse, and how to ask them for the same thing otherwise.

A server that answers 400 to a parameter says which; from then on it is asked in its own dialect. Only changes that keep
what is asked are here: a sampling parameter with another value than the server's default is never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

Body = dict[str, Any]


class Dialect(NamedTuple):
    """`note` says what was refused and what is done about it; `change` returns the body as this server takes it."""

    refusal: re.Pattern[str]
    change: Callable[[Body], Body]
    note: str


def _without(name: str, only: object = None) -> Callable[[Body], Body]:
    def change(body: Body) -> Body:
        kept = only is not None and body.get(name) != only
        return {key: value for key, value in body.items() if kept or key != name}

    return change


def _renamed_limit(body: Body) -> Body:
    """With OpenAI's new name for `max_tokens`."""
    return {"max_completion_tokens" if key == "max_tokens" else key: value for key, value in body.items()}


def _system_in_user(body: Body) -> Body:
    """With the system's text at the beginning of the user's."""
    system, *rest = body.get("messages") or [{}]
    if system.get("role") != "system" or not rest:
        return body
    first = rest[0] | {"content": f"{system['content']}\n\n{rest[0]['content']}"}
    return body | {"messages": [first, *rest[1:]]}


DIALECTS = (
    Dialect(
        re.compile(r"max_tokens.*max_completion_tokens", re.S),
        _renamed_limit,
        "max_tokens; asked with max_completion_tokens",
    ),
    Dialect(
        re.compile(r"response_format|json_schema|structured.output", re.I),
        _without("response_format"),
        "response_format; only the prompt asks for JSON",
    ),
    Dialect(
        re.compile(r"system.{0,20}\bnot supported|not support.{0,20}\bsystem", re.I),
        _system_in_user,
        "the system role; its text now comes first in the user's",
    ),
    Dialect(re.compile(r"\btop_p\b"), _without("top_p", only=1.0), "top_p; asked without it (it was 1)"),
)
