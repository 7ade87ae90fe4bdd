"""A model in this process, through transformers: a folder, a Hugging Face id or a LoRA adapter, on CPU or GPU.

Whatever is waiting is generated in batches of similar length, padded on the left. Drawn samples do not depend on the
batch they were in: each adds its own Gumbel noise, seeded by its request, to its log-probabilities and takes the
largest, which is the same as drawing from them.
"""

from __future__ import annotations

import asyncio
import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson

from lemma.exceptions import ConfigError, MissingExtraError
from lemma.models.protocol import RefusedRequestError, Request

Waiting = tuple[list[int], Request, asyncio.Future[bytes]]
_BATCH_TOKENS = 1 << 16
_MOST_AT_ONCE = 256


class LocalTransformers:
    """One model. Raises ConfigError where it can't be loaded, or has no chat template and is asked in a chat."""

    def __init__(self, model: str) -> None:
        try:
            import torch
            import transformers
        except ImportError:
            raise MissingExtraError("transformers", "train") from None
        self.name = model
        self._torch = torch
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        transformers.utils.logging.disable_progress_bar()
        try:
            self._tokenizer: Any = transformers.AutoTokenizer.from_pretrained(model, padding_side="left")
            self._model: Any = _load(model, self._device)
        except (OSError, ValueError, KeyError) as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise ConfigError(
                f"no model at {model!r} ({reason}); give a folder with config.json or adapter_config.json, or an id "
                "that huggingface.co has"
            ) from None
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self._context = getattr(self._model.config.get_text_config(), "max_position_embeddings", None) or 1 << 20
        self._waiting: list[Waiting] = []
        self._working: asyncio.Task[None] | None = None

    async def answer(self, request: Request) -> bytes:
        """The answer in OpenAI's form, once its batch is done."""
        tokens = self._tokens(request)
        answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting.append((tokens, request, answered))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())
        return await answered

    async def close(self) -> None:
        """Let the model go."""
        self._model = None

    def _tokens(self, request: Request) -> list[int]:
        text = self._text(request)
        encoded = self._tokenizer(text, add_special_tokens=isinstance(request.prompt, str))["input_ids"]
        if len(encoded) + 1 > self._context:
            raise RefusedRequestError(
                f"{self.name}: the prompt has {len(encoded)} tokens, the model takes {self._context}"
            )
        return [int(token) for token in encoded]

    def _text(self, request: Request) -> str:
        if isinstance(request.prompt, str):
            return request.prompt
        if self._tokenizer.chat_template is None:
            raise ConfigError(
                f"{self.name} has no chat template; ask it in plain text, with --prompt completion or --prompt lemma"
            )
        messages = [{"role": role, "content": content} for role, content in request.prompt]
        # The beginning of the model's own turn is put behind the rendered rest, so that no template can change it.
        begun = messages.pop()["content"] if messages[-1]["role"] == "assistant" else ""
        return str(self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)) + begun

    async def _work(self) -> None:
        await asyncio.sleep(0.01)  # those who are about to ask come into the first batch too
        while self._waiting:
            batch = self._next_batch()
            try:
                answers = await asyncio.to_thread(self._generate, [(tokens, request) for tokens, request, _ in batch])
            except Exception as error:  # whatever fails here belongs to those who wait for it
                for _, _, answered in batch:
                    if not answered.done():
                        answered.set_exception(error)
                continue
            for (_, _, answered), raw in zip(batch, answers, strict=True):
                if not answered.done():
                    answered.set_result(raw)
            await asyncio.sleep(0)

    def _next_batch(self) -> list[Waiting]:
        """Requests of one maximum length, the longest prompts first, as many as fit."""
        self._waiting.sort(key=lambda item: (item[1].sampling.max_tokens, -len(item[0])))
        longest = len(self._waiting[0][0]) + self._waiting[0][1].sampling.max_tokens
        most = max(1, min(_MOST_AT_ONCE, _BATCH_TOKENS // longest))
        limit = self._waiting[0][1].sampling.max_tokens
        batch = [item for item in self._waiting[:most] if item[1].sampling.max_tokens == limit]
        del self._waiting[: len(batch)]
        return batch

    def _generate(self, batch: Sequence[tuple[list[int], Request]]) -> list[bytes]:
        torch = self._torch
        inputs = self._tokenizer.pad({"input_ids": [tokens for tokens, _ in batch]}, return_tensors="pt").to(
            self._device
        )
        requests = [request for _, request in batch]
        width = inputs["input_ids"].shape[1]
        room = min(requests[0].sampling.max_tokens, self._context - width)
        with torch.inference_mode():
            made = self._model.generate(
                **inputs,
                max_new_tokens=room,
                do_sample=False,
                temperature=None,
                top_p=None,
                top_k=None,
                pad_token_id=self._tokenizer.pad_token_id,
                logits_processor=[_Drawing(torch, requests, self._device)],
            )
        return [
            self._raw(row[width:].tolist(), request, len(tokens))
            for row, (tokens, request) in zip(made, batch, strict=True)
        ]

    def _raw(self, tokens: list[int], request: Request, prompt_tokens: int) -> bytes:
        ends = self._model.generation_config.eos_token_id
        stops = {ends} if isinstance(ends, int) else set(ends or ())
        end = next((place for place, token in enumerate(tokens) if token in stops), None)
        text = self._tokenizer.decode(tokens if end is None else tokens[:end], skip_special_tokens=True)
        finish_reason = "length" if end is None else "stop"
        for stop in request.sampling.stop:
            if stop in text:
                text, finish_reason = text.partition(stop)[0], "stop"
        usage = {"prompt_tokens": prompt_tokens, "completion_tokens": len(tokens) if end is None else end + 1}
        choice = {"message": {"role": "assistant", "content": text}, "finish_reason": finish_reason}
        return orjson.dumps({"choices": [choice], "usage": usage})


def _load(model: str, device: str) -> Any:
    from transformers import AutoModelForCausalLM

    if (Path(model) / "adapter_config.json").exists() and find_spec("peft") is None:
        raise MissingExtraError("peft", "train")
    with warnings.catch_warnings():
        # PEFT reads an attribute that transformers has renamed; nothing that a user of lemma could change.
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        dtype = "auto" if device == "cuda" else "float32"
        return AutoModelForCausalLM.from_pretrained(model, dtype=dtype).to(device).eval()


class _Drawing:
    """A logits processor. Greedy rows stay as they are; noise makes the largest of the others a draw."""

    def __init__(self, torch: Any, requests: Sequence[Request], device: str) -> None:
        self._torch = torch
        self._rows = [row for row, request in enumerate(requests) if request.sampling.temperature > 0]
        self._generators = [torch.Generator().manual_seed(_seed(requests[row])) for row in self._rows]
        drawn = [requests[row].sampling for row in self._rows]
        self._temperatures = torch.tensor([[sampling.temperature] for sampling in drawn], device=device)
        self._top_p = torch.tensor([[sampling.top_p] for sampling in drawn], device=device)

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        if not self._rows:
            return scores
        torch = self._torch
        scaled = torch.log_softmax(scores[self._rows].float() / self._temperatures, dim=-1)
        ordered, order = scaled.sort(dim=-1, descending=True)
        before = ordered.exp().cumsum(-1) - ordered.exp()
        outside = torch.zeros_like(scaled, dtype=torch.bool).scatter(-1, order, before >= self._top_p)
        uniform = torch.stack([torch.rand(scaled.shape[1], generator=generator) for generator in self._generators])
        noise = -torch.log(-torch.log(uniform.clamp(min=1e-20, max=1 - 1e-7)))
        scores[self._rows] = (scaled + noise.to(scaled.device)).masked_fill(outside, float("-inf")).to(scores.dtype)
        return scores


def _seed(request: Request) -> int:
    """From the request alone: the same folder elsewhere draws the same, and two models draw with the same luck."""
    return int.from_bytes(hashlib.blake2b(replace(request, model="").key().encode(), digest_size=7).digest(), "big")
