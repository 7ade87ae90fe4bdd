"""Any server that speaks OpenAI's API: OpenAI, vLLM, SGLang, llama.cpp and others.

The answer comes back as the bytes the server sent, past the client's own models, which would take half of the time of a
call. Failures of the client are mapped here.
"""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import httpx2
import openai
import orjson

from lemma.exceptions import ModelError
from lemma.models.protocol import (
    AttemptError,
    InterruptedAnswerError,
    OverloadedError,
    RefusedRequestError,
    Request,
    UnreachableError,
)

OPENAI_URL = "https://api.openai.com/v1"
# What the client tells about this machine with each call is nobody's business, and costs a tenth of the call.
_TOLD_BY_THE_CLIENT = (
    *(f"X-Stainless-{name}" for name in ("Lang", "Package-Version", "OS", "Arch", "Runtime", "Runtime-Version")),
    *(f"X-Stainless-{name}" for name in ("Async", "Retry-Count", "Read-Timeout")),
)
_UNTOLD: dict[str, str | openai.Omit] = {name: openai.Omit() for name in _TOLD_BY_THE_CLIENT}
_OVERLOADED = frozenset({429, 503, 529})
_INTERRUPTED = frozenset({408, 409})
_FATAL = {
    401: "the key is not accepted; put the right one into {key_variable}",
    402: "the account has no credit left; top it up",
    403: "the key may not do this; use another in {key_variable}, or another --base-url",
    404: "there is no such model or address; check the model's name, and --base-url (it mostly ends in /v1)",
}


class OpenAICompatible:
    """A connection pool as large as the number of calls in flight, to one `base_url`.

    Raises ModelError when OpenAI's own server is meant and `key` is None; other servers may need none.
    """

    def __init__(self, base_url: str, key: str | None, key_variable: str, connections: int) -> None:
        if key is None and base_url == OPENAI_URL:
            raise ModelError(f"{key_variable} is not set; put the key into it, or give the --base-url of your server")
        self.name = base_url
        self._secret, self._key_variable = key, key_variable
        self._for_openai = base_url == OPENAI_URL
        self._root = base_url.rstrip("/")
        limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
        try:
            self.client = openai.AsyncOpenAI(
                api_key=key or "none",
                base_url=base_url,
                max_retries=0,
                timeout=None,
                http_client=openai.DefaultAioHttpClient(limits=limits, timeout=None),
            )
        except httpx2.InvalidURL as error:
            raise ModelError(f"--base-url {base_url} is no address ({error})") from None

    async def answer(self, request: Request) -> bytes:
        """The body of the server's answer, as it came."""
        body = orjson.dumps(self.body(request))
        try:
            response = await self.client.post(
                self._root + request.path, cast_to=httpx2.Response, content=body, options={"headers": _UNTOLD}
            )
            return response.content
        except (openai.APIError, OSError) as error:
            raise self.mapped(error) from None

    def body(self, request: Request) -> dict[str, Any]:
        """The request as this server wants it: OpenAI's own has another name for `max_tokens`."""
        body = request.body()
        if self._for_openai:
            body["max_completion_tokens"] = body.pop("max_tokens")
        return body

    async def close(self) -> None:
        """Close all connections."""
        await self.client.close()

    def mapped(self, error: Exception) -> AttemptError | ModelError:
        """A failure of the client as one of ours, without the key."""
        if isinstance(error, openai.APIStatusError):
            return self._mapped_status(error)
        if isinstance(error, openai.APIConnectionError) and isinstance(error.__cause__, httpx2.UnsupportedProtocol):
            return ModelError(f"--base-url {self.name} is no http address; it looks like http://localhost:8000/v1")
        cause = error.__cause__ or error
        detail = self._redacted(str(cause) or type(cause).__name__)
        if isinstance(cause.__cause__, aiohttp.ClientConnectorError):
            return UnreachableError(f"{self.name} can't be reached ({detail}); check --base-url and the server")
        return InterruptedAnswerError(f"{self.name}: the connection broke ({detail})")

    def _mapped_status(self, error: openai.APIStatusError) -> AttemptError | ModelError:
        said = self._redacted(_message(error.body) or error.response.text)[:300]
        shown = f"{self.name} answers {error.status_code}: {said}"
        if error.status_code == 429 and error.code == "insufficient_quota":
            return ModelError(f"{shown}; {_FATAL[402]}, and the same command goes on")
        if error.status_code in _FATAL:
            advice = _FATAL[error.status_code].format(key_variable=self._key_variable)
            return ModelError(f"{shown}; {advice}")
        if error.status_code in _OVERLOADED:
            return OverloadedError(shown, retry_after(error.response.headers))
        if error.status_code in _INTERRUPTED:
            return InterruptedAnswerError(shown)
        if error.status_code >= 500:
            return InterruptedAnswerError(f"{shown} (its log may say why; check the model's name, too)")
        return RefusedRequestError(shown)

    def _redacted(self, text: str) -> str:
        return " ".join((text.replace(self._secret, "***") if self._secret else text).split())


def retry_after(headers: Any) -> float | None:
    """Seconds to wait, from `retry-after-ms` or `Retry-After` (seconds, or a date)."""
    milliseconds, value = headers.get("retry-after-ms"), headers.get("retry-after")
    try:
        if milliseconds is not None:
            return max(0.0, float(milliseconds) / 1000)
        return None if value is None else max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(str(value)).timestamp() - time.time())
    except ValueError:
        return None


def _message(body: object) -> str:
    if isinstance(body, dict):
        inner = body.get("error", body)
        message = inner.get("message") if isinstance(inner, dict) else inner
        return message if isinstance(message, str) else ""
    return ""
