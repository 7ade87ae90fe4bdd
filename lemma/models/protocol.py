"""What a model is asked, what it answers, and how an attempt can fail.

A backend is one class. Its method `answer` takes a request and gives the raw answer as bytes: a JSON object in the form
of OpenAI's `chat.completion`, whichever backend made it. The raw answer is stored first; `read_answer` makes a
`Response` of it afterwards, as often as needed.

    >>> request = Request("gpt-4o-mini", (Message("user", "What is 6 x 7?"),), Sampling(temperature=0))
    >>> read_answer(b'{"choices": [{"message": {"content": "42"}, "finish_reason": "stop"}]}').text
    '42'
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import orjson

from lemma.exceptions import Refusal
from lemma.models.dialects import with_fields
from lemma.models.reply_parts import end_of, failure_in, is_stream, joined_stream, text_of, thoughts_of, unwrapped
from lemma.rundir.responses import Usage
from lemma.steps import split_thought
from lemma.visible_text import visible


class Message(NamedTuple):
    """One turn of a chat: `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn. `max_tokens` limits the answer, not the prompt.

    No line may begin with one of the words `barred`. Only a backend whose `can_bar` is true can see to that.
    """

    temperature: float = 0.7
    top_p: float = 1.0
    max_tokens: int = 1024
    stop: tuple[str, ...] = ()
    logprobs: bool = False
    barred: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One answer that is wanted. A `prompt` of messages is a chat; a plain string is continued as it is, and so is a
    last message of the assistant, if the server can do that (vLLM and SGLang can).

    `sample_index` tells the samples of the same prompt apart. `response_schema` is a JSON schema that the answer must
    follow. `fields` change the body that a server gets, as `with_fields` says.
    """

    model: str
    prompt: str | tuple[Message, ...]
    sampling: Sampling = Sampling()
    sample_index: int = 0
    response_schema: Mapping[str, Any] | None = field(default=None, hash=False)
    fields: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def path(self) -> str:
        """Where an OpenAI-compatible server takes the request."""
        return "/completions" if isinstance(self.prompt, str) else "/chat/completions"

    @property
    def continues(self) -> bool:
        """Whether the last message is the beginning of the answer."""
        return not isinstance(self.prompt, str) and bool(self.prompt) and self.prompt[-1].role == "assistant"

    def body(self) -> dict[str, Any]:
        """The request in OpenAI's form, as plain JSON."""
        sampling = self.sampling
        body: dict[str, Any] = {
            "model": self.model,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
        }
        if isinstance(self.prompt, str):
            body["prompt"] = self.prompt
        else:
            body["messages"] = [{"role": role, "content": content} for role, content in self.prompt]
            if self.continues:
                body |= {"continue_final_message": True, "add_generation_prompt": False}
        if sampling.stop:
            body["stop"] = list(sampling.stop)
        if sampling.barred:
            body["barred"] = list(sampling.barred)
        if sampling.logprobs:
            body["logprobs"] = 1 if isinstance(self.prompt, str) else True
        if self.response_schema is not None:
            schema = {"name": "answer", "schema": self.response_schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return with_fields(body, self.fields)

    def key(self) -> str:
        """A hash of everything that is asked; two requests with one key are the same request."""
        whole = orjson.dumps([self.body(), self.sample_index], option=orjson.OPT_SORT_KEYS)
        return hashlib.blake2b(whole, digest_size=16).hexdigest()

    def prompt_text(self) -> str:
        """All text of the prompt, as one string."""
        return self.prompt if isinstance(self.prompt, str) else "\n".join(message.content for message in self.prompt)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. `finish_reason` is `stop` for every natural end, `length`, `content_filter`, `refusal`, `failed`,
    `unknown` if the server does not say, or the server's own word. `reasoning` came next to the text; `token_logprobs`
    are natural logarithms.
    """

    text: str
    finish_reason: str
    usage: Usage
    token_logprobs: tuple[float, ...] | None = None
    reasoning: str = ""


class Backend(Protocol):
    """Something that answers requests. `name` is shown to people: an address, or a file.

    A class attribute `in_process = True` says that its calls need no timeouts, as no network can lose them.
    """

    name: str

    async def answer(self, request: Request) -> bytes:
        """The raw answer. Raises an AttemptError if asking again may help, ModelError if nothing will."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class AttemptError(Exception):
    """An attempt that brought no answer; its text is fit for people."""


class OverloadedError(AttemptError):
    """The server asks for patience (429, 503), for `retry_after` seconds if it says so."""

    def __init__(self, message: str, retry_after: float | None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class InterruptedAnswerError(AttemptError):
    """A server error, a timeout or a cut connection."""


class UnreachableError(AttemptError):
    """Nothing listens at the address, or no API does."""


class UnusableAnswerError(AttemptError):
    """Something came with HTTP 200 that is no answer: `reason` names it, `usage` is what it cost."""

    def __init__(self, message: str, reason: str, usage: Usage) -> None:
        super().__init__(message)
        self.reason, self.usage = reason, usage


class RefusedRequestError(AttemptError):
    """The server will never answer this request: too long, against its rules, or not possible there."""

    def __init__(self, message: str, reason: str = "refused_request") -> None:
        super().__init__(message)
        self.reason = reason


_STATED = re.compile(
    r"\\boxed\b|####\s*\S|\banswer(?:\s+is\b|\s*:)\s*\S|</answer>"
    r"|\b(?:antwort|respuesta|r\u00e9ponse|resposta|risposta|jibu|\u043e\u0442\u0432\u0435\u0442)\b[^\n]{0,60}?\d"
    r"|(?:\u7b54\u6848|\u7b54\u3048|\uc815\ub2f5|\ub2f5\uc740)[^\n]{0,60}?\d",
    re.I,
)
_MOST_TOKENS = 10**8  # of one call; a larger count is no count


def decoded_answer(raw: bytes) -> dict[str, Any]:
    """The JSON object in a raw answer. Raises ValueError if there is none.

    Comments that keep a connection alive, a byte order mark, NaN, lone surrogates, and an answer that was streamed
    although nobody asked for that, do not cost an answer that is paid for.
    """
    try:
        answer = orjson.loads(raw)
    except orjson.JSONDecodeError:
        lines = raw.decode("utf-8-sig", "replace").strip().splitlines(keepends=True)
        text = "".join(line for line in lines if not line.startswith(":")).strip()
        try:
            if is_stream(text):
                answer = joined_stream(text)
            else:
                plain = json.loads(text.rstrip("\0"), parse_constant=lambda name: None)
                answer = json.loads(json.dumps(plain, ensure_ascii=False).encode("utf-8", "replace"))
        except (RecursionError, LookupError, TypeError, AttributeError) as error:
            raise ValueError(str(error)) from None
    if not isinstance(answer, dict):
        raise ValueError("not an object")
    return unwrapped(answer)


def read_answer(raw: bytes) -> Response:
    """The response in a raw answer. Raises Refusal if it has not the form of one."""
    try:
        return _response(decoded_answer(raw))
    except (LookupError, TypeError, AttributeError, ValueError):
        raise Refusal("malformed_answer", visible(raw[:200].decode("utf-8", "replace"))) from None


def fault_of(answer: Mapping[str, Any]) -> str | None:
    """What keeps a JSON object from being an answer, None if nothing does: `malformed_answer`, `failed_answer`, or
    `empty_answer`.

    An answer without text is one if it says why: it was cut off, filtered or refused, or is a call of a tool.
    """
    if failure_in(answer):
        return "failed_answer"
    try:
        response = _response(answer)
    except (LookupError, TypeError, AttributeError, ValueError):
        return "malformed_answer"
    said_nothing = not response.text.strip() and not response.reasoning.strip()
    return "empty_answer" if said_nothing and response.finish_reason in ("stop", "unknown") else None


def _response(answer: Mapping[str, Any]) -> Response:
    choice = answer["choices"][0]
    message = choice.get("message") or choice.get("delta") or {}
    return Response(
        text_of(message.get("content", choice.get("text"))),
        "refusal" if message.get("refusal") else end_of(choice.get("finish_reason")),
        _usage(answer),
        _token_logprobs(choice.get("logprobs")),
        thoughts_of(message),
    )


def is_only_reasoning(response: Response) -> bool:
    """Whether a model thought, and then said nothing."""
    ended = response.finish_reason in ("stop", "unknown", "length")
    return ended and bool(response.reasoning.strip()) and not response.text.strip()


def usable_text(response: Response | Refusal) -> str:
    """The text of an answer that came to its natural end. Raises Refusal naming what is wrong otherwise.

    If the server does not say how the answer ended, the text has to end in an answer: a stated one, or JSON.
    """
    if isinstance(response, Refusal):
        raise response
    text, end = response.text, response.finish_reason
    if is_only_reasoning(response):
        raise Refusal(
            "cut_off" if end == "length" else "only_reasoning",
            f"all {response.usage.completion_tokens} tokens are reasoning, with no answer after it; raise --max-tokens "
            f"or check the server's reasoning parser: {response.reasoning[-200:]}",
        )
    if end == "unknown" and text.strip():
        last = text.rstrip().rpartition("\n")[2]
        if _STATED.search(last) or last.endswith(("}", "]", "```")):
            return text
        raise Refusal("unknown_end", f"the server does not say how the answer ended: {text[-200:]}")
    if end not in ("stop", "unknown"):
        reason = {"length": "cut_off", "content_filter": "refused", "refusal": "refused"}.get(end, "unnatural_stop")
        raise Refusal(reason, f"finish_reason {end}: {text[-200:]}")
    if not text.strip():
        raise Refusal("empty_answer", "the model answered nothing")
    return text


def fault_named(raw: bytes) -> str | None:
    """Why a stored answer can't be used, None if it can: one of `ASK_AGAIN_REASONS`."""
    try:
        if fault_of(decoded_answer(raw)) == "failed_answer":
            return "failed_answer"
        said = split_thought(usable_text(read_answer(raw)))[1]
    except Refusal as refusal:
        return refusal.reason
    except ValueError:
        return "malformed_answer"
    return "unclosed_thought" if said is None else None


def usage_of(raw: bytes) -> Usage:
    """The token counts in a raw answer; zeros if there are none. Never fails."""
    try:
        return _usage(decoded_answer(raw))
    except ValueError:
        return Usage()


def _usage(answer: Mapping[str, Any]) -> Usage:
    counted = answer.get("usage")
    if not isinstance(counted, dict):
        return Usage()
    return Usage(_count(counted.get("prompt_tokens")), _count(counted.get("completion_tokens")))


def _count(value: object) -> int:
    """A number of tokens; 0 for what can't be one. Servers send null, strings, and worse."""
    if type(value) is int and 0 <= value <= _MOST_TOKENS:
        return value
    try:
        count = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return 0
    return int(count) if math.isfinite(count) and 0 <= count <= _MOST_TOKENS else 0


def _token_logprobs(logprobs: Any) -> tuple[float, ...] | None:
    """None also if they have not OpenAI's form: the text is an answer all the same."""
    if not logprobs:
        return None
    try:
        if logprobs.get("content") is not None:
            return tuple(float(token["logprob"]) for token in logprobs["content"])
        values = logprobs.get("token_logprobs")
        return tuple(float(value) for value in values if value is not None) if values else None
    except (AttributeError, LookupError, TypeError, ValueError):
        return None
