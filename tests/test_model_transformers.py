"""The backend that runs a model in this process: batches that change nothing, draws that follow the distribution."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from lemma.cli import main
from lemma.exceptions import ConfigError
from lemma.models.backends.transformers import LocalTransformers
from lemma.models.protocol import Message, RefusedRequestError, Request, Response, Sampling, read_answer
from lemma.training.tiny_model import make_tiny_model

TEXTS = [f"Ada has {n} pens. Ben has {n + 1} more pens than Ada." for n in range(3, 30)]
GREEDY = Sampling(temperature=0, max_tokens=12)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("model")
    make_tiny_model(folder, ([{"role": "user", "content": t}, {"role": "assistant", "content": t}] for t in TEXTS), 0)
    return str(folder)


def chat(text: str, sampling: Sampling = GREEDY, index: int = 0, begun: str = "") -> Request:
    messages = (Message("user", text), *((Message("assistant", begun),) if begun else ()))
    return Request("m", messages, sampling, index)


def answers(model: str, requests: list[Request]) -> list[str]:
    async def ask() -> list[bytes]:
        backend = LocalTransformers(model)
        try:
            return await asyncio.gather(*map(backend.answer, requests))
        finally:
            await backend.close()

    return [read_answer(raw).text for raw in asyncio.run(ask())]


def by_hand(model: str, text: str, begun: str = "") -> str:
    """Greedy decoding without batches, padding or cache."""
    tokenizer, network = AutoTokenizer.from_pretrained(model), AutoModelForCausalLM.from_pretrained(model)
    rendered = tokenizer.apply_chat_template(
        [{"role": "user", "content": text}], tokenize=False, add_generation_prompt=True
    )
    tokens = tokenizer(rendered + begun, return_tensors="pt", add_special_tokens=False)["input_ids"]
    start = tokens.shape[1]
    with torch.inference_mode():
        for _ in range(GREEDY.max_tokens):
            tokens = torch.cat([tokens, network(input_ids=tokens).logits[:, -1:].argmax(-1)], dim=1)
            if tokens[0, -1] == tokenizer.eos_token_id:
                break
    return str(tokenizer.decode(tokens[0, start:], skip_special_tokens=True))


def test_a_batch_of_different_lengths_gives_what_each_alone_gives(model: str) -> None:
    requests = [chat(" ".join(TEXTS[: n + 1])) for n in range(5)] + [chat(TEXTS[0], begun="Ben has 3 + 4")]
    together = answers(model, requests)
    assert together == [
        *(by_hand(model, " ".join(TEXTS[: n + 1])) for n in range(5)),
        by_hand(model, TEXTS[0], "Ben has 3 + 4"),
    ]


def test_draws_do_not_depend_on_the_batch(model: str) -> None:
    requests = [chat(text, Sampling(1.0, 0.9, 8), index) for text in TEXTS[:3] for index in range(3)]
    together = answers(model, requests)
    assert len(set(together)) == 9
    assert [answers(model, [request])[0] for request in requests[::4]] == together[::4]


def ends_often(model: str) -> str:
    """The same model, with so many tokens that end an answer that the answers differ in length."""
    folder = f"{model}-ends"
    AutoTokenizer.from_pretrained(model).save_pretrained(folder)
    network = AutoModelForCausalLM.from_pretrained(model)
    network.generation_config.eos_token_id = list(range(2, 24))
    network.save_pretrained(folder)
    return folder


def test_answers_that_have_ended_change_nothing_in_the_others(model: str) -> None:
    sampling = Sampling(1.0, 1.0, 80)
    requests = [chat(TEXTS[index], sampling, index) for index in range(12)]
    together = answers(ends_often(model), requests)
    assert len({len(answer) for answer in together}) > 6
    assert together == [answers(ends_often(model), [request])[0] for request in requests]


def test_no_line_begins_with_a_barred_word(model: str) -> None:
    """Barred are the first tokens of words, at the start of a line and nowhere else."""
    free = chat("What?", begun="It is so.\n")
    (said,) = answers(model, [free])
    barred = replace(free, sampling=replace(GREEDY, barred=(f" {said.split()[0]}",)))
    within = chat("What?", begun="It is so. ")
    others = [replace(within, sampling=barred.sampling), within]
    made = answers(model, [free, barred, *others])
    assert made[0] == said and made[1].split()[:1] != said.split()[:1]
    assert made[2] == made[3]
    assert free.key() != barred.key() and "barred" not in free.body()


def test_a_stop_text_ends_an_answer_early(model: str) -> None:
    def answered(*stop: str) -> Response:
        request = Request("m", TEXTS[0], Sampling(0.0, 1.0, 200, stop))
        return read_answer(asyncio.run(LocalTransformers(model).answer(request)))

    whole = answered()
    stop = whole.text[8:12]
    early = answered(stop)
    assert (early.text, early.finish_reason) == (whole.text.partition(stop)[0], "stop")
    assert early.usage.completion_tokens < whole.usage.completion_tokens == 200


def test_draws_do_not_depend_on_the_name_of_the_model(model: str) -> None:
    request = chat(TEXTS[0], Sampling(1.0, 0.9, 8), 1)
    assert answers(model, [request]) == answers(model, [replace(request, model="elsewhere/m")])


@pytest.mark.parametrize("top_p", [1.0, 0.5])
def test_draws_follow_the_distribution(model: str, top_p: float) -> None:
    tokenizer, network = AutoTokenizer.from_pretrained(model), AutoModelForCausalLM.from_pretrained(model)
    prompt = "Ada has"
    with torch.inference_mode():
        network.model.embed_tokens.weight.mul_(8)
        network.save_pretrained(f"{model}-sharp")
        tokenizer.save_pretrained(f"{model}-sharp")
        logits = network(**tokenizer(prompt, return_tensors="pt")).logits[0, -1]
    likely = torch.softmax(logits, dim=-1)
    order = likely.argsort(descending=True)
    kept = order[: int((likely[order].cumsum(0) - likely[order] < top_p).sum())]
    expected = dict(zip(kept.tolist(), (likely[kept] / likely[kept].sum()).tolist(), strict=True))
    requests = [Request("m", prompt, Sampling(1.0, top_p, 1), index) for index in range(1000)]
    drawn = Counter(answers(f"{model}-sharp", requests))
    first = tokenizer.decode([kept[0]])
    assert drawn[first] / 1000 == pytest.approx(expected[int(kept[0])], abs=0.05)
    assert len(drawn) <= len(kept)


def test_usage_and_the_end_are_told(model: str) -> None:
    raw = asyncio.run(LocalTransformers(model).answer(chat(TEXTS[0], Sampling(0, 1, 5))))
    response = read_answer(raw)
    assert response.finish_reason == "length"
    assert response.usage.completion_tokens == 5
    assert response.usage.prompt_tokens > 10


def test_a_prompt_beyond_the_context_is_refused_alone(model: str) -> None:
    async def ask() -> list[object]:
        backend = LocalTransformers(model)
        asked = backend.answer(chat("pens " * 5000)), backend.answer(chat(TEXTS[0]))
        return await asyncio.gather(*asked, return_exceptions=True)

    refused, answered = asyncio.run(ask())
    assert isinstance(refused, RefusedRequestError)
    assert isinstance(answered, bytes)


def test_a_model_without_a_chat_template_says_how_to_ask_it(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(model)
    AutoModelForCausalLM.from_pretrained(model).save_pretrained(tmp_path / "base")
    tokenizer.chat_template = None
    tokenizer.save_pretrained(tmp_path / "base")
    (tmp_path / "base" / "chat_template.jinja").unlink(missing_ok=True)
    asked = ["eval", "--model", str(tmp_path / "base"), "--limit", "2", "--suite", "accuracy", "-n", "0"]
    asked += ["--max-tokens", "4", "--run", str(tmp_path / "run")]
    assert main(asked) == 1
    assert "--prompt completion" in capsys.readouterr().err
    assert main([*asked, "--prompt", "lemma"]) == 0


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
def test_an_adapter_is_loaded_with_its_base(model: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    base = AutoModelForCausalLM.from_pretrained(model)
    adapted = get_peft_model(base, LoraConfig(target_modules="all-linear", r=4, init_lora_weights=False))
    adapted.save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(model).save_pretrained(tmp_path)
    requests = [chat(text) for text in TEXTS]
    assert answers(str(tmp_path), requests) != answers(model, requests)


def test_a_folder_without_a_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"give a folder with config\.json"):
        LocalTransformers(str(tmp_path))


def test_other_weights_are_not_given_the_answers_of_the_old_ones(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["eval", "--limit", "2", "--suite", "accuracy", "-n", "1", "--max-tokens", "6", "--run", str(tmp_path)]
    network = AutoModelForCausalLM.from_pretrained(model)
    AutoTokenizer.from_pretrained(model).save_pretrained(tmp_path / "model")
    network.save_pretrained(tmp_path / "model")
    assert main(asked) == 0
    file = tmp_path / "eval" / "model" / "outputs.jsonl"
    before = [json.loads(line)["output"] for line in file.read_text().splitlines()]
    with torch.no_grad():
        network.model.embed_tokens.weight.mul_(-1)
    network.save_pretrained(tmp_path / "model")
    assert main(asked) == 1
    assert "--fresh" in capsys.readouterr().err
    assert main([*asked, "--fresh"]) == 0
    assert [json.loads(line)["output"] for line in file.read_text().splitlines()] != before
