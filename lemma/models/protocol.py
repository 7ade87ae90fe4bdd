"""What a teacher is asked, what it answers, and how an attempt can fail.

A backend is one class with one method, `answer`, which takes a request and gives the raw answer as bytes: a JSON
object in the form of OpenAI's `chat.completion`, whichever backend made it. The raw answer is stored first;
`read_answer` makes a `Response` of it afterwards, as often as needed.

    >>> request = Request("gpt-4o-mini", (Message("user", "What is 6 x 7?"),), Sampling(temperature=0))
    >>> read_answer(b'{"choices": [{"message": {"content": "42"}, "finish_reason": "stop"}]}').text
    '42'
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import orjson

from lemma.exceptions import Refusal


class Message(NamedTuple):
    """One turn of a chat: `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn. `max_tokens` limits the answer, not the prompt."""

    temperature: float = 0.7
    top_p: float = 1.0
    max_tokens: int = 1024
    stop: tuple[str, ...] = ()
    logprobs: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """One answer that is wanted. A `prompt` of messages is a chat; a plain string is continued as it is, and so is a
    last message of the assistant, where the server can do that (vLLM and SGLang can).

    `sample_index` tells the samples of the same prompt apart. `response_schema` is a JSON schema that the answer must
    follow.
    """

    model: str
    prompt: str | tuple[Message, ...]
    sampling: Sampling = Sampling()
    sample_index: int = 0
    response_schema: Mapping[str, Any] | None = field(default=None, hash=False)

    @property
    def path(self) -> str:
        """Where an OpenAI-compatible server takes the request."""
        return "/completions" if isinstance(self.prompt, str) else "/chat/completions"

    @property
    def continues(self) -> bool:
        """Whether the assistant has begun already, and is to go on."""
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
        if sampling.logprobs:
            body["logprobs"] = 1 if isinstance(self.prompt, str) else True
        if self.response_schema is not None:
            schema = {"name": "answer", "schema": self.response_schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return body

    def key(self) -> str:
        """A hash of everything that is asked; two requests with one key are the same request."""
        whole = orjson.dumps([self.body(), self.sample_index], option=orjson.OPT_SORT_KEYS)
        return hashlib.blake2b(whole, digest_size=16).hexdigest()

    def prompt_text(self) -> str:
        """All text of the prompt, as one string."""
        return self.prompt if isinstance(self.prompt, str) else "\n".join(message.content for message in self.prompt)


class Usage(NamedTuple):
    """Tokens of the prompt and of the answer, as the server counted them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. Only a `finish_reason` of `stop` is a natural end; `token_logprobs` are natural logarithms."""

    text: str
    finish_reason: str
    usage: Usage
    token_logprobs: tuple[float, ...] | None = None


class Backend(Protocol):
    """Something that answers requests. `name` is shown to people: an address, or a file."""

    name: str

    async def answer(self, request: Request) -> bytes:
        """The raw answer. Raises an AttemptError where asking again may help, ModelError where nothing will."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class AttemptError(Exception):
    """An attempt that brought no answer; its text is fit for people."""


class OverloadedError(AttemptError):
    """The server asks for patience (429, 503), for `retry_after` seconds where it says so."""

    def __init__(self, message: str, retry_after: float | None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class InterruptedAnswerError(AttemptError):
    """A server error, a timeout or a cut connection."""


class UnreachableError(AttemptError):
    """Nothing listens at the address."""


class RefusedRequestError(AttemptError):
    """The server will never answer this request: too long, or against its rules."""


def read_answer(raw: bytes) -> Response:
    """The response in a raw answer. Raises Refusal when it has not the form of one."""
    try:
        answer = orjson.loads(raw)
        choice = answer["choices"][0]
        message = choice.get("message") or {}
        text = message.get("content", choice.get("text"))
        finish_reason = "refusal" if message.get("refusal") else str(choice["finish_reason"])
        logprobs = _token_logprobs(choice.get("logprobs"))
        usage = _usage(answer)
    except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError, ValueError):
        raise Refusal("malformed_answer", _shown(raw)) from None
    if text is not None and not isinstance(text, str):
        raise Refusal("malformed_answer", _shown(raw))
    return Response(text or "", finish_reason, usage, logprobs)


def usable_text(response: Response | Refusal) -> str:
    """The text of an answer that came to its natural end. Raises Refusal naming what is wrong otherwise."""
    if isinstance(response, Refusal):
        raise response
    if response.finish_reason != "stop":
        reason = _UNNATURAL_ENDS.get(response.finish_reason, "unnatural_stop")
        raise Refusal(reason, f"finish_reason {response.finish_reason}: {response.text[-200:]}")
    if not response.text.strip():
        raise Refusal("empty_answer", "the model answered nothing")
    return response.text


_UNNATURAL_ENDS = {"length": "cut_off", "content_filter": "refused", "refusal": "refused"}


def usage_of(raw: bytes) -> Usage:
    """The token counts in a raw answer; zeros where there are none. Never fails."""
    try:
        return _usage(orjson.loads(raw))
    except (orjson.JSONDecodeError, TypeError, AttributeError, ValueError):
        return Usage()


def _usage(answer: Any) -> Usage:
    counted = answer.get("usage") or {}
    return Usage(int(counted.get("prompt_tokens") or 0), int(counted.get("completion_tokens") or 0))


def _token_logprobs(logprobs: Any) -> tuple[float, ...] | None:
    if not logprobs:
        return None
    if logprobs.get("content") is not None:
        return tuple(float(token["logprob"]) for token in logprobs["content"])
    values = logprobs.get("token_logprobs")
    return tuple(float(value) for value in values if value is not None) if values else None


def _shown(raw: bytes) -> str:
    return raw[:200].decode("utf-8", "replace")
