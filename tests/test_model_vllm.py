"""The in-process vLLM backend: what it sends to the engine, and that the engine's real classes take it.

Where vLLM is installed its own source is asked. It needs no GPU for that: the source is read, not imported.
"""

from __future__ import annotations

import ast
import asyncio
import importlib.util
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from lemma.exceptions import MissingExtraError, ModelError
from lemma.models.backends.vllm import Vllm
from lemma.models.protocol import Message, RefusedRequestError, Request, Sampling, read_answer

SAMPLING_PARAMETERS = {"n", "temperature", "top_p", "max_tokens", "stop", "logprobs", "structured_outputs"}


class Parameters:
    def __init__(self, **given: Any) -> None:
        assert set(given) <= SAMPLING_PARAMETERS
        self.__dict__ |= given


class Refusal(Exception):
    """What vLLM raises for a prompt that it does not take; it is no ValueError in 0.32 and 0.33."""


class Engine:
    """Answers like vllm.LLM, and refuses a batch with a prompt that is too long, as it does."""

    batches: list[list[tuple[Any, int]]]
    adapters: list[Any]

    def __init__(self, model: str, enable_prefix_caching: bool, **adapter: Any) -> None:
        assert enable_prefix_caching
        self.model, self.adapter = model, adapter
        self.batches, self.adapters = [], []
        type(self).last = self  # type: ignore[attr-defined]

    def chat(
        self, messages: list[Any], sampling_params: list[Any], use_tqdm: bool, lora_request: Any, **begun: bool
    ) -> list[Any]:
        begins = [conversation[-1]["role"] == "assistant" for conversation in messages]
        assert begins == [begun == {"continue_final_message": True, "add_generation_prompt": False}] * len(messages)
        prompts = [conversation[-1]["content"] for conversation in messages]
        return self.generate(prompts, sampling_params, use_tqdm, lora_request)

    def generate(self, prompts: list[str], sampling_params: list[Any], use_tqdm: bool, lora_request: Any) -> list[Any]:
        self.adapters = [*self.adapters, lora_request]
        if any(len(prompt) > 100 for prompt in prompts):
            raise Refusal("The prompt is longer than the maximum model length")
        if "break" in prompts:
            raise RuntimeError("out of memory\nand a long trace")
        self.batches.append([(prompt, params.n) for prompt, params in zip(prompts, sampling_params, strict=True)])
        return [self.output(prompt, params) for prompt, params in zip(prompts, sampling_params, strict=True)]

    def output(self, prompt: str, params: Any) -> Any:
        logprobs = None if params.logprobs is None else [{7: types.SimpleNamespace(logprob=-0.5)}]
        samples = [
            types.SimpleNamespace(text=f"{prompt}: {n}", token_ids=[7], finish_reason="stop", logprobs=logprobs)
            for n in range(params.n)
        ]
        return types.SimpleNamespace(prompt_token_ids=[1, 2, 3], outputs=samples)


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Vllm:
    module = types.ModuleType("vllm")
    module.LLM = Engine  # type: ignore[attr-defined]
    module.SamplingParams = Parameters  # type: ignore[attr-defined]
    module.exceptions = types.SimpleNamespace(VLLMClientError=Refusal)  # type: ignore[attr-defined]
    lora = types.ModuleType("vllm.lora.request")
    lora.LoRARequest = lambda *given: given  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "vllm.lora", types.ModuleType("vllm.lora"))
    monkeypatch.setitem(sys.modules, "vllm.lora.request", lora)
    module.sampling_params = types.SimpleNamespace(StructuredOutputsParams=dict)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "vllm", module)
    return Vllm("some-model")


def ask(backend: Vllm, *requests: Request) -> list[Any]:
    async def run() -> list[Any]:
        return await asyncio.gather(*map(backend.answer, requests), return_exceptions=True)

    return asyncio.run(run())


def chat(text: str, index: int = 0, sampling: Sampling | None = None) -> Request:
    return Request("m", (Message("user", text),), sampling or Sampling(), index)


def test_what_waits_is_one_batch_and_samples_of_a_prompt_one_request(backend: Vllm) -> None:
    raws = ask(backend, chat("a", 0), chat("b", 0), chat("a", 1), chat("a", 2))
    answers = [read_answer(raw) for raw in raws]
    assert [answer.text for answer in answers] == ["a: 0", "b: 0", "a: 1", "a: 2"]
    (batch,) = Engine.last.batches  # type: ignore[attr-defined]
    assert sorted(batch) == [("a", 3), ("b", 1)]
    assert sum(answer.usage.prompt_tokens for answer in answers) == 6
    assert sum(answer.usage.completion_tokens for answer in answers) == 4


def test_chats_and_plain_texts_may_be_mixed(backend: Vllm) -> None:
    raws = ask(backend, chat("a"), Request("m", "plain"), chat("b"))
    assert [read_answer(raw).text for raw in raws] == ["a: 0", "plain: 0", "b: 0"]


def test_answers_that_have_begun_are_gone_on_with(backend: Vllm) -> None:
    begun = Request("m", (Message("user", "a"), Message("assistant", "It is")))
    raws = ask(backend, chat("a"), begun, Request("m", "plain"))
    assert [read_answer(raw).text for raw in raws] == ["a: 0", "It is: 0", "plain: 0"]
    assert begun.body()["continue_final_message"] is True
    assert begun.body()["add_generation_prompt"] is False
    assert "continue_final_message" not in chat("a").body()


def test_a_prompt_that_is_too_long_costs_only_itself(backend: Vllm) -> None:
    long, *short = ask(backend, chat("x" * 200), *(chat(str(number)) for number in range(64)))
    assert isinstance(long, RefusedRequestError)
    assert [read_answer(raw).text for raw in short] == [f"{number}: 0" for number in range(64)]
    assert len(Engine.last.batches) <= 7, "the others stay together"  # type: ignore[attr-defined]


def test_an_engine_that_fails_stops_the_run_in_one_line(backend: Vllm) -> None:
    (failed,) = ask(backend, chat("break"))
    assert isinstance(failed, ModelError)
    assert str(failed) == "vLLM (some-model) failed: out of memory. Rerun the command to resume"


def test_an_adapter_is_asked_on_its_base_model(backend: Vllm, tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text('{"base_model_name_or_path": "the-base", "r": 20}')
    (raw,) = ask(Vllm(str(tmp_path)), chat("a"))
    assert read_answer(raw).text == "a: 0"
    engine = Engine.last  # type: ignore[attr-defined]
    assert engine.model == "the-base"
    assert engine.adapter == {"tokenizer": "the-base", "enable_lora": True, "max_lora_rank": 32}
    assert engine.adapters == [("adapter", 1, str(tmp_path))]


def test_logprobs(backend: Vllm) -> None:
    (raw,) = ask(backend, chat("a", sampling=Sampling(logprobs=True)))
    assert read_answer(raw).token_logprobs == (-0.5,)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'lemma-sft\[vllm\]'"):
        Vllm("some-model")


def vllm_source(path: str) -> ast.Module:
    spec = importlib.util.find_spec("vllm")
    if spec is None or spec.origin is None:
        pytest.skip("vLLM is not installed here")
    return ast.parse((Path(spec.origin).parent / path).read_text())


def class_of(tree: ast.Module, name: str) -> ast.ClassDef:
    return next(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == name)


def fields_of(path: str, name: str) -> set[str]:
    body = class_of(vllm_source(path), name).body
    return {node.target.id for node in body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)}


def parameters_of(owner: ast.ClassDef, method: str) -> list[str]:
    function = next(node for node in owner.body if isinstance(node, ast.FunctionDef) and node.name == method)
    return [argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)]


def test_vllms_own_engine_takes_these_arguments() -> None:
    engine = class_of(vllm_source("entrypoints/llm.py"), "LLM")
    assert parameters_of(engine, "__init__")[1] == "model"
    assert parameters_of(engine, "chat")[1:4] == ["messages", "sampling_params", "use_tqdm"]
    assert parameters_of(engine, "generate")[1:3] == ["prompts", "sampling_params"]
    assert {"use_tqdm", "lora_request"} <= set(parameters_of(engine, "generate"))
    begun = {"lora_request", "add_generation_prompt", "continue_final_message"}
    assert begun <= set(parameters_of(engine, "chat"))
    assert "tokenizer" in parameters_of(engine, "__init__")
    arguments = fields_of("engine/arg_utils.py", "EngineArgs")
    assert {"enable_prefix_caching", "enable_lora", "max_lora_rank"} <= arguments


def test_vllms_own_outputs_and_errors_are_named_so() -> None:
    completion = fields_of("outputs.py", "CompletionOutput")
    assert {"text", "token_ids", "logprobs", "finish_reason"} <= completion
    whole = parameters_of(class_of(vllm_source("outputs.py"), "RequestOutput"), "__init__")
    assert {"prompt_token_ids", "prompt_logprobs", "outputs"} <= set(whole)
    assert "logprob" in fields_of("logprobs.py", "Logprob")
    assert fields_of("lora/request.py", "LoRARequest") >= {"lora_name", "lora_int_id", "lora_path"}
    refusal = class_of(vllm_source("exceptions.py"), "VLLMValidationError").bases[0]
    assert isinstance(refusal, ast.Name) and refusal.id in ("VLLMClientError", "ValueError")


def test_vllms_own_sampling_parameters_are_named_so() -> None:
    sampling = fields_of("sampling_params.py", "SamplingParams")
    assert sampling >= SAMPLING_PARAMETERS | {"prompt_logprobs"}
    assert "json" in fields_of("sampling_params.py", "StructuredOutputsParams")
