"""What some servers refuse, and how to ask them for the same thing otherwise.

A server that answers 400 to a parameter says which; from then on it is asked in its own dialect. A nucleus threshold
that the user gave is never dropped. A temperature is, if the model takes none but its own, and the summary says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import orjson

Body = dict[str, Any]


class Dialect(NamedTuple):
    """`name` is stored. `note` says what was refused and what is done about it; `change` returns the body as this
    server takes it.
    """

    name: str
    refusal: re.Pattern[str]
    change: Callable[[Body], Body]
    note: str


def _without(*names: str, only: object = None) -> Callable[[Body], Body]:
    def change(body: Body) -> Body:
        kept = only is not None and body.get(names[0]) != only
        return {key: value for key, value in body.items() if kept or key not in names}

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


def _unsupported(name: str, more: str = "") -> re.Pattern[str]:
    """Matches a message that says a parameter is not taken at all, not that its value is out of range."""
    why = (
        "not (?:be )?(?:support|permit|allow|available)|unsupported|unrecogni[sz]ed|unknown|unexpected|extra"
        f"|invalid (?:argument|option|parameter)|deprecated|cannot|can't{more}"
    )
    return re.compile(rf"\b{name}\b.{{0,120}}(?:{why})|(?:{why}).{{0,120}}\b{name}\b", re.I | re.S)


DIALECTS = (
    Dialect(
        "max_completion_tokens",
        re.compile(r"max_?tokens\b.*\buse\W{1,3}max_?completion_?tokens", re.S | re.I),
        _renamed_limit,
        "max_tokens; asked with max_completion_tokens",
    ),
    Dialect(
        "no response_format",
        re.compile(
            r"response_?format|json_?schema|structured.?output|response_schema|guided|grammar"
            r"|\bjson.{0,20}(?:mode|format|output)|contain the word .json",
            re.I,
        ),
        _without("response_format"),
        "response_format; only the prompt asks for JSON",
    ),
    Dialect(
        "no system role",
        re.compile(
            r"(?:system|developer).{0,60}\b(?:not (?:\w+ )?(?:supported|allowed|enabled|permitted)|unsupported|invalid)"
            r"|(?:not support|unsupported|unknown|invalid|only).{0,40}\b(?:system|role)\b|roles? must alternate"
            r"|first message.{0,40}\buser\b"
            r"|messages\W{1,3}0\W{1,3}role|must (?:start|begin) with (?:a )?['\"`]?user|\brole\b.{0,60}must be",
            re.I,
        ),
        _system_in_user,
        "the system role; its text now comes first in the user's",
    ),
    Dialect(
        "no top_p", re.compile(r"\btop_?p\b", re.I), _without("top_p", only=1.0), "top_p; asked without it (it was 1)"
    ),
    Dialect(
        "no temperature",
        _unsupported("temperature", "|only|must be (?:set to )?1(?!\\.?\\d)|strictly positive|default|fixed"),
        _without("temperature"),
        "the temperature that was asked; asked without one, so the model draws at its own",
    ),
    Dialect(
        "no stop",
        _unsupported("stop(?:_sequences)?"),
        _without("stop"),
        "stop; asked without it, and what follows a stop is cut off here",
    ),
)
# Only a server that continues the beginning of an answer can be asked for a continuation; there is no other way.
NO_CONTINUATION = Dialect(
    "no continuation",
    re.compile(
        r"continue_final_message|add_generation_prompt|prefill|(?:must|should) end with a? ?['\"`]?user"
        r"|(?:last|final) message.{0,40}(?:must|should|role|assistant)"
        r"|assistant message.{0,40}not (?:supported|allowed)",
        re.I,
    ),
    lambda body: body,
    "the beginning of an answer; what needs a continuation is left out",
)


def newly_refused(reply: str, known: Collection[str], sent: Body) -> Dialect | None:
    """The dialect that a 400 tells of; None if it tells nothing new that could be said in another way.

    One message may name several parameters: one at a time is changed.
    """
    said, codes = told_by(reply)
    refusal = f"{said or reply} {codes}"
    if "continue_final_message" in sent and NO_CONTINUATION.refusal.search(refusal):
        return NO_CONTINUATION
    fitting = (one for one in DIALECTS if one.name not in known and one.refusal.search(refusal))
    return next((one for one in fitting if one.change(sent) != sent), None)


def with_fields(body: Body, fields: Mapping[str, Any]) -> Body:
    """The body with what `--request` changes: a value of None drops a field, `@NAME` renames it, others are set.

    >>> with_fields({"max_tokens": 9, "top_p": 1}, {"max_tokens": "@max_completion_tokens", "top_p": None, "n": 1})
    {'max_completion_tokens': 9, 'n': 1}
    """
    changed = dict(body)
    for name, value in fields.items():
        if value is None:
            changed.pop(name, None)
        elif isinstance(value, str) and value.startswith("@"):
            if name in changed:
                changed[value[1:]] = changed.pop(name)
        else:
            changed[name] = value
    return changed


def told_by(reply: str) -> tuple[str, str]:
    """What an error says, and its codes and types, in any of the forms that servers use; empty for what is no JSON.

    >>> told_by('{"detail": [{"loc": ["body", "top_p"], "msg": "Extra inputs are not permitted"}]}')
    ('body.top_p: Extra inputs are not permitted', '')
    """
    try:
        body = orjson.loads(reply)
    except orjson.JSONDecodeError:
        return "", ""
    return _told(body)


def _told(body: Any) -> tuple[str, str]:
    if isinstance(body, str):
        return body, ""
    if isinstance(body, list):
        said = [_told(part) for part in body]
        return "; ".join(filter(None, (text for text, _ in said))), " ".join(code for _, code in said).strip()
    if not isinstance(body, dict):
        return "", ""
    codes = " ".join(str(body[name]) for name in ("code", "type", "status", "param") if body.get(name) is not None)
    for name in ("error", "errors", "message", "detail", "msg", "error_msg", "errorMessage", "base_resp", "status_msg"):
        text, inner = _told(body.get(name))
        if text:
            place = body.get("loc")
            text = f"{'.'.join(map(str, place))}: {text}" if isinstance(place, list) else text
            return text, f"{codes} {inner}".strip()
    return "", codes
