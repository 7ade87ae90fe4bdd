r"""JSON as models write it: in prose, in any code fence, after a thought, with LaTeX in its texts.

>>> json_reply('Sure! Here it is:\n```JSON\n{"step": "Step 2"}\n```\nAnything else?')
{'step': 'Step 2'}
>>> whole_number("Step 2")
2
"""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import orjson

from lemma.exceptions import Refusal
from lemma.steps import split_thought

_FENCE = re.compile(r"`{3,}|~{3,}")
# In JSON, a backslash begins an escape. LaTeX in a text, `\( x` or `\sqrt`, is written as if it did not: `\frac` and
# `\times` would be read as a form feed and a tab.
_LATEX_COMMAND = (
    r"[bf][a-z]|n(?:eq|e|ot|u|abla|mid|geq|leq)(?![a-z])|r(?:ight|m(?![a-z])|ho|angle|ceil|floor)"
    r"|t(?:imes|ext|an|heta|o(?![a-z])|riangle|herefore|frac|ag)"
)
_ESCAPE = re.compile(rf'\\(?:\\|u[0-9a-fA-F]{{4}}|["/]|(?!{_LATEX_COMMAND})[bfnrt]|)')
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_COMMENT = re.compile(r"(?<=[\s,{\[])//[^\n\"]*$", re.MULTILINE)
_MOST_STARTS = 50
_LONGEST_LITERAL = 5000
_NUMBER = re.compile(r"-?\d{1,6}")


def json_reply(text: str) -> dict[str, Any]:
    """The last JSON object in a reply, as models write a draft before what they mean. Raises Refusal if there is none.

    What stands in a thought does not count.
    """
    said = split_thought(text)[1]
    if said is None:
        raise Refusal("unclosed_thought", text[-200:])
    # After an opening fence comes the name of the language, up to the line end.
    fenced = [inside[max(0, inside.find("\n")) :] for inside in _FENCE.split(said)[1::2]]
    for candidate in (said, *reversed(fenced)):
        if (found := _whole(candidate)) is not None:
            return found
    found = _last_object(said)
    if found is None:
        raise Refusal("no_json", text[:300])
    return found


def _whole(text: str) -> dict[str, Any] | None:
    text = text.strip()
    if not text.endswith(("}", "]", '}"')):
        return None
    for attempt in _readings(text):
        try:
            return _object(orjson.loads(attempt))
        except orjson.JSONDecodeError:
            continue
    return None


def _object(value: Any) -> dict[str, Any] | None:
    """The object itself, also from a list of one, or from JSON in a text of JSON."""
    if isinstance(value, str) and value.strip().startswith("{"):
        value = orjson.loads(value)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, dict) else None


def _readings(text: str) -> tuple[str, ...]:
    """The text with the backslashes of LaTeX doubled, and also without comments and commas before a closing bracket."""
    if '"' not in text:
        text = text.replace("\u201c", '"').replace("\u201d", '"')
    doubled = _ESCAPE.sub(lambda match: match.group() if len(match.group()) > 1 else "\\\\", text)
    return doubled, _TRAILING_COMMA.sub(r"\1", doubled), _TRAILING_COMMA.sub(r"\1", _COMMENT.sub("", doubled))


def _last_object(text: str) -> dict[str, Any] | None:
    """The last object in a text that is not part of another one."""
    decoder = json.JSONDecoder(strict=False)
    for attempt in _readings(text):
        at, found = attempt.find("{"), None
        for _ in range(_MOST_STARTS):
            if at < 0:
                break
            try:
                value, end = decoder.raw_decode(attempt, at)
                found = value if value else found
            except (ValueError, RecursionError):
                end = at + 1
            at = attempt.find("{", end)
        if isinstance(found, dict):
            return found
    return _as_python(text)


def _as_python(text: str) -> dict[str, Any] | None:
    """An object with single quotes, as Python shows one. It is only read, as a literal."""
    written = text[text.find("{") : text.rfind("}") + 1]
    if not 0 < len(written) <= _LONGEST_LITERAL:
        return None
    try:
        value = ast.literal_eval(written)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def whole_number(value: Any) -> Any:
    """The number in `"Step 2"`, `"2."`, `[2]` or `2.0`; what names none, or several, is returned as it is."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        first_of = re.sub(r"(?<=\d)\s*(?:/|of|out of)\s*\d{1,6}", "", value)
        numbers = _NUMBER.findall(first_of)
        if len(numbers) == 1:
            return int(numbers[0])
        if not numbers and value.strip().lower() in ("none", "no error", "no step", "no", "null", ""):
            return 0
    return value
