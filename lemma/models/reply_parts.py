"""The parts of a server's reply under the names that servers give them: text, thoughts, why it ended, streamed chunks.

>>> text_of([{"type": "thinking", "thinking": "7 x 6"}, {"type": "text", "text": "42"}])
'42'
>>> end_of("FINISH_REASON_MAX_TOKENS")
'length'
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

# Names are compared in lower case, with `_` between words and without `finish_reason_` before them.
_NATURAL_ENDS = """
    stop stopped eos eos_token eos_found eod eot eoc im_end end ended end_turn end_of_turn end_of_text end_of_sequence
    endoftext stop_sequence stop_token stop_str stop_string stop_word complete completed done finish finished normal
    success
"""
_NATURAL = frozenset(_NATURAL_ENDS.split())
_UNSTATED_ENDS = frozenset(["", "null", "none", "unspecified", "unknown", "other"])
# Names that say so without being one of these.
_ENDED = re.compile(r"^(?:stop|eos|eot|end)|(?:stop|eos|done|complete|finish)(?:p?ed)?$")
_CUT = re.compile(r"limit|length|max\w{0,20}token|token\w{0,20}limit|context|truncat|incomplete")
_FILTERED = re.compile(
    r"filter|safety|recitation|prohibit|block|sensitive|guardrail|refus|moderat|spii|violat|policy|risk|harm|unsafe"
)
_FAILED = re.compile(r"error|rate_limit|abort|cancel|timeout|timed_out|insufficient_system_resource|malformed|fail")

_THOUGHT_KEYS = ("reasoning_content", "reasoning", "thinking", "reasoning_text", "reasoning_details", "thinking_blocks")
_SAID_TYPES = frozenset(["text", "output_text", "message"])
_TEXT_KEYS = ("text", "value", "content", "thinking", "reasoning", "summary", "parts")
_WRAPPERS = ("data", "result", "output", "response")
_DEEPEST = 6
_STREAM_FIELDS = ("data:", "event:", "id:", "retry:")


def end_of(finish_reason: object) -> str:
    """`stop` for every natural end, `length`, `content_filter`, `failed`, `unknown`, or the server's own word."""
    if finish_reason == "stop":
        return "stop"
    words = re.sub(r"[^a-z0-9]+", "_", str(finish_reason or "").lower()).strip("_")
    name = re.sub(r"^(?:finish_?reason|stop_?reason)_", "", words)
    if name in _UNSTATED_ENDS:
        return "unknown"
    if name in _NATURAL:
        return "stop"
    for end, pattern in (("failed", _FAILED), ("length", _CUT), ("content_filter", _FILTERED)):
        if pattern.search(name):
            return end
    return "stop" if _ENDED.search(name) else str(finish_reason)


def text_of(content: object) -> str:
    """What a message's content says: text, or the typed parts of it that are no thoughts. Raises TypeError if neither.

    Nothing is an empty text.
    """
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    parts = [part for part in content if part is not None] if isinstance(content, list) else [content]
    said = [part for part in parts if isinstance(part, str) or _kind(part) in _SAID_TYPES]
    return "".join(_flat(part) for part in said)


def thoughts_of(message: Mapping[str, Any]) -> str:
    """What a message thinks, in a field of its own or in typed parts of the content; empty if nothing."""
    for key in _THOUGHT_KEYS:
        if thought := _flat(message.get(key)):
            return thought
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    return "".join(_flat(part) for part in parts if isinstance(part, dict) and _kind(part) not in _SAID_TYPES)


def _kind(part: object) -> str:
    if not isinstance(part, dict):
        raise TypeError("a part of the content is no object")
    return str(part.get("type", "text"))


def _flat(value: object, depth: int = 0) -> str:
    """The text in a value, however it is nested; empty if there is none."""
    if isinstance(value, str):
        return value
    if depth == _DEEPEST:
        return ""
    if isinstance(value, list):
        return "".join(_flat(item, depth + 1) for item in value)
    if isinstance(value, dict):
        return next((text for key in _TEXT_KEYS if (text := _flat(value.get(key), depth + 1))), "")
    return ""


def unwrapped(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer itself, if a proxy has put it into `data`, `result`, `output` or `response`."""
    if "choices" in answer:
        return answer
    inner = (answer.get(name) for name in _WRAPPERS)
    found = next((one for one in inner if isinstance(one, dict) and one.get("choices")), None)
    return answer if found is None else {"usage": answer.get("usage"), **found}


def is_stream(text: str) -> bool:
    """Whether a reply was streamed although nobody asked for that."""
    return text.startswith(_STREAM_FIELDS)


def joined_stream(stream: str) -> dict[str, Any]:
    """The chunks of a streamed answer as one answer. Raises ValueError if it was cut off."""
    text, reasoning, finish_reason, usage, is_done = "", "", None, None, False
    for line in stream.splitlines():
        event = line.removeprefix("data:").strip()
        if not event or not line.startswith("data:"):
            continue
        if event == "[DONE]":
            is_done = True
            continue
        chunk = json.loads(event)
        usage = chunk.get("usage") or usage
        for choice in (chunk.get("choices") or ())[:1]:
            delta = choice.get("delta") or choice.get("message") or {}
            text += text_of(delta.get("content")) or choice.get("text") or ""
            reasoning += thoughts_of(delta)
            finish_reason = choice.get("finish_reason") or finish_reason
        if chunk.get("error"):
            return {"error": chunk["error"]}
    if not is_done and finish_reason is None:
        raise ValueError("the stream was cut off")
    message = {"role": "assistant", "content": text, "reasoning_content": reasoning}
    return {"choices": [{"message": message, "finish_reason": finish_reason}], "usage": usage}


def failure_in(answer: Mapping[str, Any]) -> object:
    """The error that came in the place of an answer, or beside the beginning of one; None if there is none."""
    choices = answer.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    failure = first.get("error") or answer.get("error")
    if isinstance(failure, dict) and not any(failure.values()):
        failure = None  # `{"code": 0, "message": ""}`
    if failure:
        return failure
    reason = first.get("finish_reason")
    return f"finish_reason {reason}" if end_of(reason) == "failed" else None
