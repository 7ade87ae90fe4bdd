"""vLLM in process (0.31 or later): whatever is waiting goes to the engine as one batch, with prefix caching on.

Samples of one prompt go as one request with `n > 1`, so that their prompt is computed once. Candidates of one turn
share their beginning, which the prefix cache computes once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from lemma.exceptions import MissingExtraError, ModelError
from lemma.models.chat_template import ensure_chat_template, render_begun
from lemma.models.in_process_batches import Gathering
from lemma.models.protocol import RefusedRequestError, Request
from lemma.models.scoring import Score, Turn

_TEXT, _CHAT, _BEGUN = "text", "chat", "begun answer"
_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)


class _Engine(NamedTuple):
    """vLLM's engine with a model in it, and what to ask it with: the adapter, if the model is one."""

    llm: Any
    lora: Any | None
    refusals: tuple[type[Exception], ...]


class Vllm:
    """One engine for one model. Loading it takes minutes; it happens with the first request.

    The model is a folder, a Hugging Face id, or a LoRA adapter's folder, which brings its base model. Raises
    MissingExtraError without vLLM.
    """

    in_process = True

    def __init__(self, model: str) -> None:
        try:
            import vllm
        except ImportError:
            raise MissingExtraError("vllm", "vllm") from None
        self.name = f"vLLM ({model})"
        self.identity = f"vllm:{model}"
        self._vllm: Any = vllm
        self._model = model
        self._engine: _Engine | None = None
        self._requests: Gathering[Request, bytes] = Gathering(self._generate)
        self._turns: Gathering[Turn, list[Score]] = Gathering(self._score)

    async def answer(self, request: Request) -> bytes:
        """The answer in OpenAI's form, once the batch that the request is part of is done."""
        return await self._requests.do(request)

    async def score(self, turn: Turn) -> list[Score]:
        """The score of each continuation of a turn, once the batch that the turn is part of is done."""
        return await self._turns.do(turn)

    async def close(self) -> None:
        """Let the engine go."""
        self._engine = None

    def _loaded(self) -> _Engine:
        if self._engine is not None:
            return self._engine
        vllm, folder = self._vllm, Path(self._model)
        # A class of its own in later versions is what the engine raises for a prompt that it does not take.
        own = getattr(getattr(vllm, "exceptions", None), "VLLMClientError", None)
        refusals: tuple[type[Exception], ...] = (ValueError,) if own is None else (ValueError, own)
        try:
            if not (folder / "adapter_config.json").exists():
                self._engine = _Engine(vllm.LLM(model=self._model, enable_prefix_caching=True), None, refusals)
                return self._engine
            from vllm.lora.request import LoRARequest

            settings = orjson.loads((folder / "adapter_config.json").read_bytes())
            base, rank = settings["base_model_name_or_path"], settings["r"]
            llm = vllm.LLM(
                model=base,
                tokenizer=self._model if (folder / "tokenizer_config.json").exists() else base,
                enable_prefix_caching=True,
                enable_lora=True,
                max_lora_rank=next((most for most in _RANKS if most >= rank), rank),
            )
        except Exception as error:  # a model that vLLM does not take fails in as many ways as there are models
            raise ModelError(f"vLLM can't load {self._model}: {_first_line(error)}") from None
        self._engine = _Engine(llm, LoRARequest("adapter", 1, self._model), refusals)
        return self._engine

    def _generate(self, requests: list[Request]) -> list[bytes | Exception]:
        """One answer, or what is wrong, per request: samples of one prompt as one group, groups of one kind at once."""
        groups: dict[str, list[int]] = {}
        for place, request in enumerate(requests):
            groups.setdefault(replace(request, sample_index=0).key(), []).append(place)
        engine = self._loaded()
        answers: dict[int, bytes | Exception] = {}
        kinds = [
            _TEXT if isinstance(request.prompt, str) else _BEGUN if request.continues else _CHAT for request in requests
        ]
        for kind in (_TEXT, _CHAT, _BEGUN):
            places = [group for group in groups.values() if kinds[group[0]] == kind]
            asked = [(requests[group[0]], len(group)) for group in places]
            if asked:
                for group, samples in zip(places, self._accepted(engine, kind, asked), strict=True):
                    answers |= zip(group, samples, strict=True)
        return [answers[place] for place in range(len(requests))]

    def _accepted(
        self, engine: _Engine, kind: str, asked: list[tuple[Request, int]]
    ) -> list[Sequence[bytes | Exception]]:
        """Before it begins, vLLM refuses a whole batch for one prompt that it does not take: halve until that is it."""
        try:
            return [list(_raw_answers(output)) for output in self._outputs(engine, kind, asked)]
        except engine.refusals as error:
            if len(asked) == 1:
                return [[RefusedRequestError(f"{self.name}: {_first_line(error)}")] * asked[0][1]]
        except Exception as error:  # out of memory, or the engine has died
            raise ModelError(f"{self.name} failed: {_first_line(error)}. Rerun the command to resume") from error
        half = len(asked) // 2
        return self._accepted(engine, kind, asked[:half]) + self._accepted(engine, kind, asked[half:])

    def _outputs(self, engine: _Engine, kind: str, asked: list[tuple[Request, int]]) -> list[Any]:
        sampling = []
        for request, count in asked:
            schema = request.response_schema
            structured = self._vllm.sampling_params.StructuredOutputsParams(json=dict(schema)) if schema else None
            wanted = self._vllm.SamplingParams(
                n=count,
                temperature=request.sampling.temperature,
                top_p=request.sampling.top_p,
                max_tokens=request.sampling.max_tokens,
                stop=list(request.sampling.stop) or None,
                logprobs=0 if request.sampling.logprobs else None,
                structured_outputs=structured,
            )
            sampling.append(wanted)
        prompts = [request.body()["prompt" if kind == _TEXT else "messages"] for request, _ in asked]
        ask = engine.llm.generate if kind == _TEXT else engine.llm.chat
        begun = {"continue_final_message": True, "add_generation_prompt": False} if kind == _BEGUN else {}
        return list(ask(prompts, sampling, use_tqdm=False, lora_request=engine.lora, **begun))

    def _score(self, turns: list[Turn]) -> list[list[Score]]:
        engine = self._loaded()
        tokenizer = engine.llm.get_tokenizer()
        ensure_chat_template(tokenizer)
        starts = [render_begun(tokenizer, [{"role": "user", "content": turn.question}]) + turn.before for turn in turns]
        texts = [start + text for start, turn in zip(starts, turns, strict=True) for text in turn.continuations]
        encoded = tokenizer(texts, add_special_tokens=False, return_offsets_mapping=True)
        prompts = [{"prompt_token_ids": ids} for ids in encoded["input_ids"]]
        sampling = self._vllm.SamplingParams(max_tokens=1, temperature=0, prompt_logprobs=0)
        try:
            outputs = iter(engine.llm.generate(prompts, sampling, use_tqdm=False, lora_request=engine.lora))
        except engine.refusals as error:
            raise ModelError(f"{self.name} does not take a text: {_first_line(error)}") from None
        offsets = iter(encoded["offset_mapping"])
        return [
            [_score_of(next(outputs), next(offsets), len(start)) for _ in turn.continuations]
            for start, turn in zip(starts, turns, strict=True)
        ]


def _raw_answers(output: Any) -> Iterator[bytes]:
    """One answer per sample; the prompt's tokens are counted with the first, as they were computed once."""
    for number, sample in enumerate(output.outputs):
        usage = {
            "prompt_tokens": 0 if number else len(output.prompt_token_ids or ()),
            "completion_tokens": len(sample.token_ids),
        }
        logprobs = None
        if sample.logprobs is not None:
            drawn = zip(sample.token_ids, sample.logprobs, strict=True)
            logprobs = {"content": [{"logprob": float(ranked[token].logprob)} for token, ranked in drawn]}
        message = {"role": "assistant", "content": sample.text}
        choice = {"message": message, "finish_reason": sample.finish_reason, "logprobs": logprobs}
        yield orjson.dumps({"choices": [choice], "usage": usage})


def _score_of(output: Any, offsets: Sequence[tuple[int, int]], start: int) -> Score:
    """`prompt_logprobs` has a mapping for each token from its id to its log-probability; the first has none."""
    given = zip(output.prompt_token_ids, output.prompt_logprobs, offsets, strict=True)
    said = [ranked[token].logprob for token, ranked, (_, end) in given if end > start and ranked is not None]
    return Score(float(sum(said)), len(said))


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
