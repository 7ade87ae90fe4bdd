"""A model in this process, through transformers: a folder, a Hugging Face id or a LoRA adapter, on CPU or GPU.

Whatever is waiting is generated in batches of similar length, padded on the left. Answers that have ended leave the
batch every few tokens, so that a long one does not keep the others. Drawn samples do not depend on the batch they were
in: each has uniform numbers of its own, seeded by its request, one for each token.

What the candidates of a turn share is computed once when they are scored. Turns are scored many at a time if one of
their candidates holds all others, as its beginnings or up to a last token.
"""

from __future__ import annotations

import copy
import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson

from lemma.exceptions import ConfigError, MissingExtraError
from lemma.models.chat_template import (
    common_prefix,
    load_tokenizer,
    no_model,
    opens_thought,
    render_begun,
    render_prompt,
)
from lemma.models.in_process_batches import Gathering
from lemma.models.protocol import RefusedRequestError, Request
from lemma.models.scoring import Score, Turn
from lemma.models.thought_tags import tags_of
from lemma.rundir.lines import fingerprint

_BATCH_TOKENS, _MOST_AT_ONCE = 1 << 16, 256  # on a CPU; a GPU takes what its memory holds, up to eight times as many
_SCORED_TOKENS, _SCORED_VALUES = 1 << 13, 1 << 27  # at once; a token has a value for every one of the vocabulary
_AT_A_TIME = 32  # tokens after which ended answers leave the batch
_Encoded = tuple[list[list[int]], list[list[int]]]  # of each candidate its tokens, and the places of what is scored
_WEIGHTS = ("*.safetensors", "*.bin", "tokenizer.json")


class LocalTransformers:
    """One model. Raises ConfigError if it can't be loaded, or has no chat template and is asked in a chat."""

    in_process = True
    can_bar = True

    def __init__(self, model: str) -> None:
        try:
            import torch
            import transformers
        except ImportError:
            raise MissingExtraError("transformers", "train") from None
        self.name = model
        self._torch: Any = torch
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        transformers.utils.logging.disable_progress_bar()
        if (Path(model) / "adapter_config.json").exists() and find_spec("peft") is None:
            raise MissingExtraError("peft", "train")
        try:
            self._tokenizer: Any = transformers.AutoTokenizer.from_pretrained(model, padding_side="left")
            with warnings.catch_warnings():
                # PEFT reads an attribute that transformers has renamed; nothing that a user of lemma could change.
                warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
                dtype = "auto" if self._device == "cuda" else "float32"
                loaded = transformers.AutoModelForCausalLM.from_pretrained(model, dtype=dtype)
        except (OSError, ValueError, KeyError) as error:
            raise no_model(model, error) from None
        self._model: Any = loaded.to(self._device).eval()
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        # A recurrent model's state can't leave rows behind: it writes all at once.
        self._at_a_time = 1 << 20 if getattr(loaded, "_is_stateful", False) else _AT_A_TIME
        ends = self._model.generation_config.eos_token_id
        self._ends = {ends} if isinstance(ends, int) else set(ends or ())
        self._context = getattr(self._model.config.get_text_config(), "max_position_embeddings", None) or 1 << 20
        # Requests that are about to come go into the first batch too.
        next_batch = partial(_next_batch, *self._largest_batch())
        self._requests: Gathering[tuple[list[int], Request], bytes] = Gathering(self._generate, next_batch, pause=0.01)
        self._turns: Gathering[Turn, list[Score]] = Gathering(self._score_all)

    def _largest_batch(self) -> tuple[int, int]:
        """How many answers are written at once, and how many tokens they may have together, prompts included."""
        shape = self._model.config.get_text_config()
        all_heads = getattr(shape, "num_attention_heads", None)
        if self._device == "cpu" or not all_heads:
            return _MOST_AT_ONCE, _BATCH_TOKENS
        heads = getattr(shape, "num_key_value_heads", None) or all_heads
        width = getattr(shape, "head_dim", None) or shape.hidden_size // all_heads
        each = 2 * shape.num_hidden_layers * heads * width * self._model.dtype.itemsize
        free, _ = self._torch.cuda.mem_get_info()
        # A quarter for keys and values: they are copied when answers leave the batch, and others may use the GPU too.
        return 8 * _MOST_AT_ONCE, int(min(8 * _BATCH_TOKENS, max(_BATCH_TOKENS // 16, free / 4 / each)))

    @cached_property
    def identity(self) -> str:
        """The name, and fingerprints of the weights if the model is a folder."""
        files = sorted(file for pattern in _WEIGHTS for file in Path(self.name).glob(pattern))
        return ":".join([self.name, *map(fingerprint, files)])

    async def answer(self, request: Request) -> bytes:
        """The answer in OpenAI's form, once its batch is done."""
        encoded = self._tokenizer(self._text(request), add_special_tokens=isinstance(request.prompt, str))["input_ids"]
        if len(encoded) + 1 > self._context:
            raise RefusedRequestError(
                f"{self.name}: the prompt has {len(encoded)} tokens, the model takes {self._context}"
            )
        raw = await self._requests.do(([int(token) for token in encoded], request))
        return self._with_opened_thought(raw, request)

    async def score(self, turn: Turn) -> list[Score]:
        """The score of each continuation of a turn, once the batch that the turn is part of is done."""
        return await self._turns.do(turn)

    async def close(self) -> None:
        """Let the model go."""
        self._model = None

    def _text(self, request: Request) -> str:
        if isinstance(request.prompt, str):
            return request.prompt
        if self._tokenizer.chat_template is None:
            raise ConfigError(
                f"{self.name} has no chat template; ask it in plain text, with --prompt completion or --prompt lemma"
            )
        messages = [{"role": role, "content": content} for role, content in request.prompt]
        # The beginning of the model's own turn is put behind the rendered rest, so that no template can change it.
        if messages[-1]["role"] == "assistant":
            begun = messages.pop()["content"]
            return render_begun(self._tokenizer, messages) + begun
        return render_prompt(self._tokenizer, messages)

    def _with_opened_thought(self, raw: bytes, request: Request) -> bytes:
        """The answer with the beginning of its thought, if the chat template has put that into the prompt."""
        if isinstance(request.prompt, str) or request.continues:
            return raw
        template = str(self._tokenizer.chat_template)
        opening = tags_of(template).opening.strip()
        if opening not in template or not opens_thought(self._tokenizer, self._text(request)):
            return raw
        answer = orjson.loads(raw)
        message = answer["choices"][0]["message"]
        message["content"] = f"{opening}\n{message['content']}"
        return orjson.dumps(answer)

    def _generate(self, batch: list[tuple[list[int], Request]]) -> list[bytes]:
        torch = self._torch
        inputs = self._tokenizer.pad({"input_ids": [tokens for tokens, _ in batch]}, return_tensors="pt")
        texts, mask = (inputs[name].to(self._device) for name in ("input_ids", "attention_mask"))
        width = texts.shape[1]
        most = min(batch[0][1].sampling.max_tokens, self._context - width)
        drawing = _Drawing(torch, [request for _, request in batch], most, self._device)
        drawn = any(request.sampling.temperature > 0 for _, request in batch)
        barred = batch[0][1].sampling.barred
        processors = [_Barring(torch, self._tokenizer, barred)] if barred else []
        answers: list[bytes] = [b""] * len(batch)
        rows, cache = list(range(len(batch))), None  # the answers that have not ended
        with torch.inference_mode():
            while rows:
                output = self._model.generate(
                    input_ids=texts,
                    attention_mask=mask,
                    past_key_values=cache,
                    max_new_tokens=min(self._at_a_time, width + most - texts.shape[1]),
                    do_sample=False,
                    temperature=None,
                    top_p=None,
                    top_k=None,
                    pad_token_id=self._tokenizer.pad_token_id,
                    logits_processor=[*processors, drawing] if drawn else processors,
                    return_dict_in_generate=True,
                )
                texts, cache = output.sequences, output.past_key_values
                going_on = []
                for place, tokens in enumerate(texts[:, width:].tolist()):
                    prompt, request = batch[rows[place]]
                    raw = self._raw(tokens, request, len(prompt), last=len(tokens) >= most)
                    if raw is None:
                        going_on.append(place)
                    else:
                        answers[rows[place]] = raw
                if 0 < len(going_on) < len(rows):
                    kept = torch.tensor(going_on, device=self._device)
                    texts, mask = texts[kept], mask[kept]
                    drawing.keep(kept)
                    cache.batch_select_indices(kept)
                rows = [rows[place] for place in going_on]
                mask = torch.nn.functional.pad(mask, (0, texts.shape[1] - mask.shape[1]), value=1)
        return answers

    def _raw(self, tokens: list[int], request: Request, prompt_tokens: int, last: bool) -> bytes | None:
        """An answer in OpenAI's form; None if it has not ended and these tokens are not its `last`."""
        end = next((place for place, token in enumerate(tokens) if token in self._ends), None)
        if end is None and not last and not request.sampling.stop:
            return None
        text = self._tokenizer.decode(tokens if end is None else tokens[:end], skip_special_tokens=True)
        finish_reason = "length" if end is None else "stop"
        for stop in request.sampling.stop:
            if stop in text:
                text, finish_reason = text.partition(stop)[0], "stop"
        if finish_reason == "length" and not last:
            return None
        usage = {"prompt_tokens": prompt_tokens, "completion_tokens": len(tokens) if end is None else end + 1}
        choice = {"message": {"role": "assistant", "content": text}, "finish_reason": finish_reason}
        return orjson.dumps({"choices": [choice], "usage": usage})

    @cached_property
    def _scoring_tokenizer(self) -> Any:
        """One that has a chat template in any case, and gives character offsets."""
        return load_tokenizer(self.name)

    def _score_all(self, turns: list[Turn]) -> list[list[Score] | Exception]:
        """The scores of many turns. Those that one row of tokens can tell are computed together, others one by one."""
        encoded = [self._encoded(turn) for turn in turns]
        found: list[list[Score] | Exception] = [[] for _ in turns]
        together: list[int] = []
        for place, (rows, said) in enumerate(encoded):
            longest = max(rows, key=len)
            if len(longest) > 1 and all(row[:-1] == longest[: len(row) - 1] for row in rows):
                together.append(place)
            else:
                found[place] = self._scores(rows, said)
        together.sort(key=lambda place: max(map(len, encoded[place][0])))
        while together:
            width = max(map(len, encoded[together[-1]][0]))
            most = max(1, min(_SCORED_TOKENS, _SCORED_VALUES // len(self._tokenizer)) // width)
            batch = [together.pop() for _ in range(min(len(together), most))]
            for place, scores in zip(batch, self._scores_together([encoded[place] for place in batch]), strict=True):
                found[place] = scores
        return found

    def _scores_together(self, turns: list[_Encoded]) -> list[list[Score]]:
        """The scores of turns whose rows differ from a part of their longest one in their last token at most."""
        torch, model = self._torch, self._model
        longest = [torch.tensor(max(rows, key=len)[:-1] or [0]) for rows, _ in turns]
        inputs = torch.nn.utils.rnn.pad_sequence(longest, batch_first=True, padding_value=0).to(model.device)
        lengths = torch.tensor([len(row) for row in longest], device=model.device)
        mask = (torch.arange(inputs.shape[1], device=model.device) < lengths[:, None]).long()
        first = min(place - 1 for _, said in turns for places in said for place in places if place > 0)
        with torch.inference_mode():
            output = model(inputs, attention_mask=mask, use_cache=False, logits_to_keep=inputs.shape[1] - first)
            given = torch.log_softmax(output.logits.float(), dim=-1)
        scores = []
        for number, (rows, said) in enumerate(turns):
            flat = [
                (place - 1 - first, row[place])
                for row, places in zip(rows, said, strict=True)
                for place in places
                if place > 0
            ]
            places, tokens = (torch.tensor(values, dtype=torch.long) for values in zip(*flat, strict=True))
            values = iter(given[number, places, tokens].double().tolist())
            scores.append(
                [
                    Score(sum(next(values) for place in places if place > 0), sum(place > 0 for place in places))
                    for places in said
                ]
            )
        return scores

    def _encoded(self, turn: Turn) -> _Encoded:
        tokenizer = self._scoring_tokenizer
        prompt = render_begun(tokenizer, [{"role": "user", "content": turn.question}]) + turn.before
        texts = [prompt + text for text in turn.continuations]
        encoded = tokenizer(texts, add_special_tokens=False, return_offsets_mapping=True)
        rows = encoded["input_ids"]
        # The numbers of the tokens with a character past the prompt.
        said = [
            [number for number, (_, end) in enumerate(offsets) if end > len(prompt)]
            for offsets in encoded["offset_mapping"]
        ]
        return rows, said

    def _scores(self, rows: list[list[int]], said: list[list[int]]) -> list[Score]:
        """The scores of one turn's candidates; what they share is computed once."""
        same = min(common_prefix(rows[0], row) for row in rows)
        shared = max(1, min(same, *(numbers[0] for numbers in said)))
        scores = []
        for numbers, given in zip(said, self._log_probs(rows, shared), strict=True):
            chosen = given[[number - shared for number in numbers if number >= shared]]
            scores.append(Score(float(chosen.double().sum()), len(chosen)))
        return scores

    def _log_probs(self, rows: list[list[int]], shared: int) -> Any:
        """Log-probability of each token after the first `shared` ones, padded on the right."""
        torch, model = self._torch, self._model
        with torch.inference_mode():
            cache = None
            if shared > 1:
                start = torch.tensor([rows[0][: shared - 1]], device=model.device)
                cache = copy.deepcopy(model(start, use_cache=True, logits_to_keep=1).past_key_values)
                cache.batch_repeat_interleave(len(rows))
            rests = [torch.tensor(row[shared - 1 :]) for row in rows]
            inputs = torch.nn.utils.rnn.pad_sequence(rests, batch_first=True, padding_value=0).to(model.device)
            mask = torch.ones(len(rows), shared - 1 + inputs.shape[1], dtype=torch.long, device=model.device)
            for number, row in enumerate(rows):
                mask[number, len(row) :] = 0
            logits = model(inputs, attention_mask=mask, past_key_values=cache, use_cache=cache is not None).logits
            given = torch.log_softmax(logits[:, :-1].float(), dim=-1)
            return given.gather(2, inputs[:, 1:, None]).squeeze(2).cpu()


def _next_batch(rows: int, tokens: int, waiting: list[tuple[list[int], Request]]) -> list[int]:
    """Requests of one maximum length and with the same barred words, the longest prompts first, as many as fit."""

    def limit(place: int) -> tuple[int, tuple[str, ...]]:
        sampling = waiting[place][1].sampling
        return sampling.max_tokens, sampling.barred

    order = sorted(range(len(waiting)), key=lambda place: (limit(place), -len(waiting[place][0])))
    longest = len(waiting[order[0]][0]) + limit(order[0])[0]
    most = max(1, min(rows, tokens // longest))
    return [place for place in order[:most] if limit(place) == limit(order[0])]


class _Barring:
    """A logits processor that lets no line begin with one of some words, by the first token of each."""

    def __init__(self, torch: Any, tokenizer: Any, barred: Sequence[str]) -> None:
        self._torch, self._tokenizer = torch, tokenizer
        before = ".\n"
        alone = tokenizer(before, add_special_tokens=False)["input_ids"]
        rows = tokenizer([before + word for word in barred], add_special_tokens=False)["input_ids"]
        self._tokens = sorted({row[common_prefix(alone, row)] for row in rows})
        self._ends_line: dict[int, bool] = {}

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        rows = []
        for row, token in enumerate(input_ids[:, -1].tolist()):
            if token not in self._ends_line:
                self._ends_line[token] = self._tokenizer.decode([token]).endswith("\n")
            if self._ends_line[token]:
                rows.append(row)
        if rows:
            places = self._torch.tensor(rows, device=scores.device)[:, None]
            scores[places, self._torch.tensor(self._tokens, device=scores.device)] = float("-inf")
        return scores


class _Drawing:
    """A logits processor that leaves one token to choose in each row that is drawn. Greedy rows stay as they are."""

    def __init__(self, torch: Any, requests: Sequence[Request], most: int, device: str) -> None:
        self._torch, self._step = torch, 0
        uniform = torch.zeros(len(requests), most, dtype=torch.float64)
        for row, request in enumerate(requests):
            if request.sampling.temperature > 0:
                # Seeded by the request alone: the same folder elsewhere draws the same, two models with the same luck.
                key = hashlib.blake2b(replace(request, model="").key().encode(), digest_size=7).digest()
                generator = torch.Generator().manual_seed(int.from_bytes(key, "big"))
                torch.rand(most, generator=generator, dtype=torch.float64, out=uniform[row])
        self._uniform = uniform.to(device)
        self._temperatures = torch.tensor([[request.sampling.temperature] for request in requests], device=device)
        self._top_p = torch.tensor([[request.sampling.top_p] for request in requests], device=device)

    def keep(self, rows: Any) -> None:
        """Go on with these rows alone."""
        self._uniform, self._temperatures = self._uniform[rows], self._temperatures[rows]
        self._top_p = self._top_p[rows]

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        torch, step = self._torch, self._step
        self._step += 1
        rows = (self._temperatures[:, 0] > 0).nonzero()[:, 0]
        if not len(rows):
            return scores
        likely = torch.softmax(scores[rows].float() / self._temperatures[rows], dim=-1)
        order = None
        if (self._top_p[rows] < 1).any():
            likely, order = likely.sort(dim=-1, descending=True)
            likely = likely.masked_fill(likely.cumsum(-1) - likely >= self._top_p[rows], 0)
        # The token at which the probabilities, added up, pass a uniform number.
        passed = likely.double().cumsum(-1)
        drawn = torch.searchsorted(passed, self._uniform[rows, step : step + 1] * passed[:, -1:], right=True)
        drawn = drawn.clamp(max=likely.shape[1] - 1)
        drawn = drawn if order is None else order.gather(1, drawn)
        scores[rows] = torch.full_like(scores[rows], float("-inf")).scatter(1, drawn, 0.0)
        return scores
