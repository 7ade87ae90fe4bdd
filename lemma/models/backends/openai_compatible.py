"""Any server that speaks OpenAI's API: OpenAI, vLLM, SGLang, llama.cpp and others.

The openai client opens the connections and handles batches. Single requests go over its HTTP client directly: building
them and reading them back as the client's own models would take a third of the time of a call. What is no answer,
whatever its HTTP status, becomes one of our errors here.
"""

from __future__ import annotations

import math
import re
import time
from email.utils import parsedate_to_datetime
from itertools import accumulate
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

import orjson

from lemma.exceptions import ModelError
from lemma.models.backend_choice import OPENAI
from lemma.models.chat_template import plain_prompt
from lemma.models.dialects import DIALECTS, NO_CONTINUATION, Body, newly_refused, told_by
from lemma.models.protocol import (
    AttemptError,
    InterruptedAnswerError,
    OverloadedError,
    RefusedRequestError,
    Request,
    UnreachableError,
    UnusableAnswerError,
    decoded_answer,
    fault_of,
    usage_of,
)
from lemma.models.reply_parts import failure_in
from lemma.models.scoring import Score, Turn
from lemma.visible_text import visible

if TYPE_CHECKING:  # importing these takes most of a second, which a run without calls need not wait for
    import httpx2
    import openai

_OVERLOADED = frozenset({429, 503, 529})
_INTERRUPTED = frozenset({408, 409, 425})
_FATAL = {
    401: "the key is not accepted; put the right one into {key_variable}",
    402: "the account has no credit left; top it up, then rerun the same command to resume",
    403: "the key may not do this; use another in {key_variable}, or another --base-url",
    404: "there is no such model or address; check the model's name, and --base-url (it mostly ends in /v1)",
}
_REDIRECT = "if that is the server, give its address as --base-url"
_LIMITED = re.compile(r"rate.?limit|too many requests", re.I)
_FLAGGED = re.compile(r"flagged|moderation|content.?(?:policy|filter|management)|safety", re.I)
# What some servers say with 400 although it concerns every request.
_NO_KEY = re.compile(
    r"api.?key.{0,30}\b(?:not valid|invalid|expired|revoked|incorrect|missing)"
    r"|(?:invalid|incorrect|expired).{0,20}api.?key",
    re.I,
)
_NO_CREDIT = re.compile(
    r"credit balance|insufficient.{0,10}(?:balance|credit|funds|quota)|arrear|account.{0,40}good standing"
    r"|exceeded your current quota|billing.{0,20}(?:not active|limit)",
    re.I,
)
_NO_MODEL = re.compile(r"model.?not.?found|no such model|\bmodel\b.{0,60}(?:does not exist|not exist\b)", re.I)
# llama.cpp answers 500 to a chat template that takes no system role.
_TEMPLATE = re.compile(r"role.{0,20}not supported|roles must alternate|jinja|chat template", re.I)
_SAID_LENGTH, _SHORTEST_SECRET = 300, 8
_SECRET_NAMES = ("key", "token", "secret", "sig", "code", "password")
_NO_ECHO = "it does not echo prompts with log-probabilities; use a vLLM server, or --model with a folder"


class OpenAICompatible:
    """A connection pool as large as the number of calls in flight, to one `base_url`; `model` is the one that scores.

    Raises ModelError if the address or the key can't be used, or OpenAI's own server is meant and there is no key;
    other servers may need none.
    """

    def __init__(
        self, base_url: str, key: str | None, key_variable: str, connections: int = 64, model: str = ""
    ) -> None:
        key = (key or "").strip() or None
        self._secrets = [key] if key else []
        self._root, self._query = self._address(base_url, key_variable)
        if key is None and self._root == OPENAI:
            raise ModelError(f"{key_variable} is not set; put the key into it, or give the --base-url of your server")
        if key is not None and not (key.isascii() and key.isprintable()):
            raise ModelError(f"the key in {key_variable} has a line break or another character that no key has")
        self._key, self._key_variable = key, key_variable
        # A short word that serves as a key, such as `none` or `dummy`, can stand in any text.
        self._hidden = [
            secret.encode()
            for secret in self._secrets
            if len(secret) >= _SHORTEST_SECRET and not secret.isalpha() and not secret.isdigit()
        ]
        self.name = self._root
        self.identity = f"{self._root}:{model}"
        self.notes: list[str] = []
        self._connections, self._model = connections, model
        self._client: openai.AsyncOpenAI | None = None
        self._http: httpx2.AsyncClient | None = None
        self._headers = {"Authorization": f"Bearer {key or 'none'}", "Content-Type": "application/json"}
        # What was learned, by model: names of dialects.
        self.learned: dict[str, list[str]] = {}

    @property
    def client(self) -> openai.AsyncOpenAI:
        """The client, made when it is first needed."""
        if self._client is None:
            import httpx2
            import openai

            limits = httpx2.Limits(max_connections=self._connections, max_keepalive_connections=self._connections)
            # A redirect would take the prompts, or the key, to an address that nobody gave.
            self._http = openai.DefaultAioHttpClient(limits=limits, timeout=None, follow_redirects=False)
            try:
                self._client = openai.AsyncOpenAI(
                    api_key=self._key or "none",
                    base_url=self._root,
                    default_query=self._query or None,
                    max_retries=0,
                    timeout=None,
                    http_client=self._http,
                )
            except httpx2.InvalidURL as error:
                raise ModelError(f"--base-url {self.name} is no address ({error})") from None
            account = {"OpenAI-Organization": self._client.organization, "OpenAI-Project": self._client.project}
            self._headers |= {name: value for name, value in account.items() if value}
        return self._client

    async def answer(self, request: Request) -> bytes:
        """The body of the server's answer, as it came but for the key, should the server repeat it."""
        if request.continues and NO_CONTINUATION.name in self.learned.get(request.model, ()):
            raise RefusedRequestError(
                f"{self.name} does not continue the beginning of an answer", reason="no_continuation"
            )
        raw = await self._post(request.path, request.body())
        self._check(raw)
        return raw

    async def score(self, turn: Turn) -> list[Score]:
        """The score of each continuation, by a completion that echoes its prompt. The prompt is the plain one, as a
        server does not tell its chat template.
        """
        prompt = plain_prompt(turn.question) + turn.before
        texts = [prompt + text for text in turn.continuations]
        body = {"model": self._model, "prompt": texts, "max_tokens": 1, "temperature": 0, "echo": True, "logprobs": 1}
        try:
            answer = decoded_answer(await self._post("/completions", body))
            choices = sorted(answer["choices"], key=lambda choice: choice["index"])
        except RefusedRequestError as error:
            raise RefusedRequestError(f"{error}; {_NO_ECHO}") from None
        except (ValueError, LookupError, TypeError):
            raise ModelError(f"{self.name}: no completions came back; {_NO_ECHO}") from None
        if len(choices) != len(texts):
            raise ModelError(f"{self.name}: {len(choices)} answers to {len(texts)} prompts; {_NO_ECHO}")
        return [self._echoed(choice, len(prompt), len(text)) for choice, text in zip(choices, texts, strict=True)]

    def body(self, request: Request) -> Body:
        """The request as this server takes it."""
        return self._in_dialect(request.body())

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    def mapped(self, error: Exception) -> AttemptError | ModelError:
        """A failure of the client as one of ours, without the key."""
        import aiohttp
        import httpx2
        import openai

        if isinstance(error, openai.APIStatusError):
            return self._failed(error.response.status_code, error.response.text, error.response.headers)
        causes: list[BaseException] = [error]
        while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and cause not in causes:
            causes.append(cause)
        if any(isinstance(cause, httpx2.UnsupportedProtocol) for cause in causes):
            return ModelError(f"--base-url {self.name} is no http address; it looks like http://localhost:8000/v1")
        told = causes[1] if isinstance(error, openai.APIConnectionError) and len(causes) > 1 else error
        detail = self._said(str(told)) or type(told).__name__
        if any(isinstance(cause, aiohttp.ClientConnectorError) for cause in causes):
            return UnreachableError(f"{self.name} can't be reached ({detail}); check --base-url and the server")
        return InterruptedAnswerError(f"{self.name}: the connection broke ({detail})")

    def _address(self, base_url: str, key_variable: str) -> tuple[str, dict[str, str]]:
        """The address that paths are put behind, and the parameters that go behind those."""
        try:
            parts = urlsplit(base_url)
            host, _ = parts.hostname, parts.port
        except ValueError as error:
            raise ModelError(f"--base-url {visible(base_url)} is no address ({error})") from None
        if parts.username is not None or parts.password is not None:
            raise ModelError(
                f"--base-url has a user name or password for {host} in it; put the key into {key_variable} instead"
            )
        if parts.scheme not in ("http", "https") or not host:
            raise ModelError(
                f"--base-url {visible(base_url)} is no http address; it looks like http://localhost:8000/v1"
            )
        query = dict(parse_qsl(parts.query))
        secrets = [value for name, value in query.items() if any(word in name.lower() for word in _SECRET_NAMES)]
        self._secrets += secrets + [quote(secret, safe="") for secret in secrets]
        return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}", query

    async def _post(self, path: str, body: Body) -> bytes:
        """The body of a reply with HTTP 200, without the key. Raises an AttemptError or ModelError for any other."""
        _ = self.client
        assert self._http is not None
        while True:
            sent = self._in_dialect(body)
            try:
                response = await self._http.post(
                    self._root + path, params=self._query or None, headers=self._headers, content=orjson.dumps(sent)
                )
                if response.is_success:
                    return self._redacted(response.content)
                text = response.text
                error = self._failed(response.status_code, text, response.headers)
            except Exception as failure:  # what is not HTTP fails in as many ways as there are layers below
                text, error = "", self.mapped(failure)
            if not isinstance(error, RefusedRequestError) or not self._learned_from(text, body, sent):
                raise error

    def _in_dialect(self, body: Body) -> Body:
        model = body.get("model", "")
        known = self.learned.get(model, ())
        for dialect in DIALECTS:
            if dialect.name in known or (self._root == OPENAI and dialect is DIALECTS[0]):
                body = dialect.change(body)
        return body

    def _learned_from(self, reply: str, body: Body, sent: Body) -> bool:
        """Whether the body can be sent in another way than it was; others may have found that out meanwhile.

        Raises RefusedRequestError if the server does not continue the beginning of an answer.
        """
        known = self.learned.setdefault(body.get("model", ""), [])
        if self._in_dialect(body) != sent:
            return True
        dialect = newly_refused(reply, known, sent)
        if dialect is None:
            return False
        if dialect.name not in known:
            known.append(dialect.name)
            self.notes.append(f"model: the server refused {dialect.note}")
        if dialect is NO_CONTINUATION:
            raise RefusedRequestError(f"{self.name} answers: {self._said(reply)}", reason="no_continuation")
        return True

    def _check(self, raw: bytes) -> None:
        """Raises an AttemptError or ModelError for what came with HTTP 200 and is no answer."""
        try:
            answer = decoded_answer(raw)
        except ValueError:
            said = self._said(raw[:1000].decode("utf-8", "replace"))
            if raw.lstrip()[:1] == b"<":
                raise UnreachableError(
                    f"{self.name} answers with a web page: this URL is no API; check --base-url (it mostly ends in "
                    f"/v1). The page: {said}"
                ) from None
            raise UnusableAnswerError(
                f"answers what is no JSON: {said or 'nothing'}", "malformed_answer", usage_of(raw)
            ) from None
        failed = failure_in(answer)
        if failed:
            code = failed.get("code") if isinstance(failed, dict) else None
            status = code if isinstance(code, int) and 400 <= code < 600 else 500
            raise self._failed(status, orjson.dumps({"error": failed}).decode(), {})
        fault = fault_of(answer)
        if fault is not None:
            said = self._said(raw[:1000].decode("utf-8", "replace"))
            what = "an empty text" if fault == "empty_answer" else f"what is no answer: {said}"
            raise UnusableAnswerError(f"answers {what}", fault, usage_of(raw))

    def _failed(self, status: int, text: str, headers: Any) -> AttemptError | ModelError:
        """The error for a status and what came with it."""
        message, codes = told_by(text)
        said = self._said(message or text)
        shown = f"{self.name} answers {status}: {said}"
        if status == 403 and _LIMITED.search(text):
            status = 429
        if status in (400, 429) and (_NO_CREDIT.search(message) or "insufficient_quota" in codes):
            status = 402
        if status == 400 and _NO_KEY.search(message):
            status = 401
        if status == 400 and _NO_MODEL.search(f"{message} {codes}"):
            status = 404
        if 300 <= status < 400:
            to = self._said(str(headers.get("location", "nowhere")))
            return ModelError(f"{self.name} answers {status}, a redirect to {to}, which is not followed; {_REDIRECT}")
        if status in _FATAL and not (status == 403 and _FLAGGED.search(text)):
            return ModelError(f"{shown}; {_FATAL[status].format(key_variable=self._key_variable)}")
        if status in _OVERLOADED:
            return OverloadedError(shown, retry_after(headers))
        if status in _INTERRUPTED or (status >= 500 and not _TEMPLATE.search(message)):
            hint = " (its log may say why; check the model's name, too)" if status >= 500 else ""
            return InterruptedAnswerError(shown + hint)
        return RefusedRequestError(shown)

    def _echoed(self, choice: Any, start: int, end: int) -> Score:
        """Sum over the tokens that lie in the continuation: neither in the prompt, nor among those generated."""
        given = choice.get("logprobs") or {}
        tokens, values, offsets = (given.get(name) for name in ("tokens", "token_logprobs", "text_offset"))
        if not tokens or not values or not offsets:
            raise ModelError(f"{self.name}: no log-probabilities came back; {_NO_ECHO}")
        if offsets[-1] < 0:  # SGLang does not count them
            offsets = [0, *accumulate(map(len, tokens))][:-1]
        spans = zip(offsets, tokens, values, strict=True)
        said = [value for at, token, value in spans if at + len(token) > start and at < end and value is not None]
        if offsets[-1] < start or not said:
            raise ModelError(f"{self.name}: the prompt did not come back; {_NO_ECHO}")
        return Score(sum(said), len(said))

    def _said(self, text: str) -> str:
        """What a server said, fit for people: without the key, on one line, not too long."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return visible(text, _SAID_LENGTH)

    def _redacted(self, raw: bytes) -> bytes:
        for secret in self._hidden:
            raw = raw.replace(secret, b"***")
        return raw


def retry_after(headers: Any) -> float | None:
    """Seconds to wait, from `retry-after-ms` or `Retry-After` (seconds, or a date)."""
    milliseconds, value = headers.get("retry-after-ms"), headers.get("retry-after")
    try:
        seconds = float(value) if milliseconds is None else float(milliseconds) / 1000
        return max(0.0, seconds) if math.isfinite(seconds) else None
    except (TypeError, ValueError):
        pass
    try:
        return max(0.0, parsedate_to_datetime(str(value)).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
