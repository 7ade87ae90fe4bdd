"""vLLM in process (0.31 or later): whatever is waiting goes to the engine as one batch, with prefix caching on.

Samples of one prompt go as one request with `n > 1`, so that their prompt is computed once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from typing import Any

import orjson

from lemma.exceptions import MissingExtraError, TeacherError
from lemma.teachers.protocol import RefusedRequestError, Request

_TEXT, _CHAT, _BEGUN = "text", "chat", "begun answer"
Waiting = tuple[Request, asyncio.Future[bytes]]


class Vllm:
    """One engine for one model. Loading it takes minutes; it happens with the first request."""

    def __init__(self, model: str) -> None:
        try:
            import vllm
        except ImportError:
            raise MissingExtraError("vllm", "vllm") from None
        self.name = f"vLLM ({model})"
        self._vllm, self._model = vllm, model
        self._engine: Any = None
        self._waiting: list[Waiting] = []
        self._working: asyncio.Task[None] | None = None

    async def answer(self, request: Request) -> bytes:
        """The answer in OpenAI's form, once the batch that the request is part of is done."""
        answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, answered))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())
        return await answered

    async def close(self) -> None:
        """Let the engine go."""
        self._engine = None

    async def _work(self) -> None:
        await asyncio.sleep(0)  # all tasks that are ready now have put in their requests when this comes back
        while self._waiting:
            batch, self._waiting = self._waiting, []
            groups = _samples_together(batch)
            try:
                answers = await asyncio.to_thread(self._generate, [group[0][0] for group in groups], map(len, groups))
            except Exception as error:  # whatever the engine raises belongs to those who wait for it
                for _, answered in batch:
                    if not answered.done():
                        answered.set_exception(error)
                continue
            for group, answer in zip(groups, answers, strict=True):
                for (_, answered), sample in zip(group, answer, strict=True):
                    if answered.done():
                        continue
                    if isinstance(sample, Exception):
                        answered.set_exception(sample)
                    else:
                        answered.set_result(sample)

    def _generate(self, requests: list[Request], counts: Iterable[int]) -> list[list[bytes | Exception]]:
        if self._engine is None:
            self._engine = self._load()
        numbered = list(zip(requests, counts, strict=True))
        try:
            return self._generate_all(numbered)
        except ValueError:
            # vLLM refuses a whole batch for one prompt that is too long: find it.
            return [answer for one in numbered for answer in self._generate_one(one)]

    def _load(self) -> Any:
        try:
            return self._vllm.LLM(model=self._model, enable_prefix_caching=True)
        except (OSError, ValueError, RuntimeError) as error:
            raise TeacherError(f"{self.name} can't be loaded: {str(error).strip().splitlines()[0]}") from None

    def _generate_one(self, numbered: tuple[Request, int]) -> list[list[bytes | Exception]]:
        try:
            return self._generate_all([numbered])
        except ValueError as error:
            refused = RefusedRequestError(f"{self.name}: {str(error).splitlines()[0]}")
            return [[refused] * numbered[1]]

    def _generate_all(self, numbered: list[tuple[Request, int]]) -> list[list[bytes | Exception]]:
        answers: dict[int, list[bytes | Exception]] = {}
        kinds = [_kind(request) for request, _ in numbered]
        for kind in dict.fromkeys(kinds):
            places = [place for place, own in enumerate(kinds) if own == kind]
            sampling = [self._sampling(*numbered[place]) for place in places]
            prompts = [numbered[place][0].body()["prompt" if kind == _TEXT else "messages"] for place in places]
            ask = self._engine.generate if kind == _TEXT else self._engine.chat
            begun = {"continue_final_message": True, "add_generation_prompt": False} if kind == _BEGUN else {}
            outputs = ask(prompts, sampling, use_tqdm=False, **begun)
            answers |= {place: _raw_answers(output) for place, output in zip(places, outputs, strict=True)}
        return [answers[place] for place in range(len(numbered))]

    def _sampling(self, request: Request, count: int) -> Any:
        sampling = request.sampling
        schema = request.response_schema
        structured = self._vllm.sampling_params.StructuredOutputsParams(json=dict(schema)) if schema else None
        return self._vllm.SamplingParams(
            n=count,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            max_tokens=sampling.max_tokens,
            stop=list(sampling.stop) or None,
            logprobs=0 if sampling.logprobs else None,
            structured_outputs=structured,
        )


def _kind(request: Request) -> str:
    if isinstance(request.prompt, str):
        return _TEXT
    return _BEGUN if request.continues else _CHAT


def _samples_together(batch: list[Waiting]) -> list[list[Waiting]]:
    keyed = [(replace(request, sample_index=0).key(), (request, answered)) for request, answered in batch]
    keyed.sort(key=lambda item: item[0])
    return [[waiting for _, waiting in group] for _, group in groupby(keyed, key=lambda item: item[0])]


def _raw_answers(output: Any) -> list[bytes | Exception]:
    """One answer a sample; the prompt's tokens are counted with the first, as they were computed once."""
    raws: list[bytes | Exception] = []
    for number, sample in enumerate(output.outputs):
        usage = {
            "prompt_tokens": 0 if number else len(output.prompt_token_ids or ()),
            "completion_tokens": len(sample.token_ids),
        }
        message = {"role": "assistant", "content": sample.text}
        choice = {"message": message, "finish_reason": sample.finish_reason, "logprobs": _logprobs(sample)}
        raws.append(orjson.dumps({"choices": [choice], "usage": usage}))
    return raws


def _logprobs(sample: Any) -> dict[str, Any] | None:
    if sample.logprobs is None:
        return None
    drawn = zip(sample.token_ids, sample.logprobs, strict=True)
    return {"content": [{"logprob": float(ranked[token].logprob)} for token, ranked in drawn]}
