"""vLLM in process (0.31 or later): whatever is waiting goes to the engine as one batch, with prefix caching on.

Samples of one prompt go as one request with `n > 1`, so that their prompt is computed once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from lemma.exceptions import MissingExtraError, ModelError
from lemma.models.protocol import RefusedRequestError, Request

_TEXT, _CHAT, _BEGUN = "text", "chat", "begun answer"
Waiting = tuple[Request, asyncio.Future[bytes]]
_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)


class Engine(NamedTuple):
    """vLLM's engine with a model in it, and what to ask it with: the adapter, where the model is one."""

    llm: Any
    lora: Any | None
    refusals: tuple[type[Exception], ...]


def load_engine(model: str) -> Engine:
    """An engine for a folder, a Hugging Face id, or a LoRA adapter's folder, which brings its base model.

    Raises MissingExtraError without vLLM, ModelError where the model can't be loaded.
    """
    vllm = import_vllm()
    adapter = Path(model) / "adapter_config.json"
    try:
        if adapter.exists():
            return _load_adapter(vllm, model, orjson.loads(adapter.read_bytes()))
        return Engine(vllm.LLM(model=model, enable_prefix_caching=True), None, _refusals(vllm))
    except Exception as error:  # a model that vLLM does not take fails in as many ways as there are models
        raise ModelError(f"vLLM can't load {model}: {_first_line(error)}") from None


def import_vllm() -> Any:
    """The module. Raises MissingExtraError where it is not installed."""
    try:
        import vllm
    except ImportError:
        raise MissingExtraError("vllm", "vllm") from None
    return vllm


def _load_adapter(vllm: Any, folder: str, settings: dict[str, Any]) -> Engine:
    from vllm.lora.request import LoRARequest

    base, rank = settings["base_model_name_or_path"], settings["r"]
    own_tokenizer = folder if (Path(folder) / "tokenizer_config.json").exists() else base
    llm = vllm.LLM(
        model=base,
        tokenizer=own_tokenizer,
        enable_prefix_caching=True,
        enable_lora=True,
        max_lora_rank=next((most for most in _RANKS if most >= rank), rank),
    )
    return Engine(llm, LoRARequest("adapter", 1, folder), _refusals(vllm))


def _refusals(vllm: Any) -> tuple[type[Exception], ...]:
    """What the engine raises for a prompt that it does not take: a class of its own in later versions."""
    own = getattr(getattr(vllm, "exceptions", None), "VLLMClientError", None)
    return (ValueError,) if own is None else (ValueError, own)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


class Vllm:
    """One engine for one model. Loading it takes minutes; it happens with the first request."""

    def __init__(self, model: str) -> None:
        self.name = f"vLLM ({model})"
        self._vllm, self._model = import_vllm(), model
        self._engine: Engine | None = None
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
        engine = self._engine = self._engine or load_engine(self._model)
        numbered = list(zip(requests, counts, strict=True))
        answers: dict[int, list[bytes | Exception]] = {}
        kinds = [_kind(request) for request in requests]
        for kind in dict.fromkeys(kinds):
            places = [place for place, own in enumerate(kinds) if own == kind]
            answers |= zip(places, self._accepted(engine, kind, [numbered[place] for place in places]), strict=True)
        return [answers[place] for place in range(len(numbered))]

    def _accepted(
        self, engine: Engine, kind: str, numbered: list[tuple[Request, int]]
    ) -> list[list[bytes | Exception]]:
        """Before it begins, vLLM refuses a whole batch for one prompt that it does not take: halve until that is it."""
        try:
            return self._answers(engine, kind, numbered)
        except engine.refusals as error:
            if len(numbered) == 1:
                return [[RefusedRequestError(f"{self.name}: {_first_line(error)}")] * numbered[0][1]]
        except Exception as error:  # out of memory, or the engine has died
            raise ModelError(f"{self.name} failed: {_first_line(error)}; the same command goes on from here") from error
        half = len(numbered) // 2
        return self._accepted(engine, kind, numbered[:half]) + self._accepted(engine, kind, numbered[half:])

    def _answers(self, engine: Engine, kind: str, numbered: list[tuple[Request, int]]) -> list[list[bytes | Exception]]:
        sampling = [self._sampling(request, count) for request, count in numbered]
        prompts = [request.body()["prompt" if kind == _TEXT else "messages"] for request, _ in numbered]
        ask = engine.llm.generate if kind == _TEXT else engine.llm.chat
        begun = {"continue_final_message": True, "add_generation_prompt": False} if kind == _BEGUN else {}
        outputs = ask(prompts, sampling, use_tqdm=False, lora_request=engine.lora, **begun)
        return [_raw_answers(output) for output in outputs]

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
