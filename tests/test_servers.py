"""What servers call things, what they refuse, and what is asked again: one row per habit of a server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from raw_server import RawServer, answer, ask, asking, http, stored

from lemma.config import SampleConfig
from lemma.exceptions import ConfigError, ModelError, Refusal
from lemma.models.attempts import Patience
from lemma.models.backends.openai_compatible import OpenAICompatible
from lemma.models.client import ClientWithFields, LiveClient
from lemma.models.costs import Ledger
from lemma.models.dialects import NO_CONTINUATION, newly_refused, told_by
from lemma.models.json_replies import json_reply, whole_number
from lemma.models.protocol import (
    Message,
    Request,
    Response,
    Sampling,
    decoded_answer,
    fault_named,
    fault_of,
    read_answer,
    usable_text,
)
from lemma.models.reply_parts import end_of
from lemma.rundir.responses import ResponseStore

SAID = "6 x 7 = 42\nThe answer is 42"
QUICK = Patience(timeout=2, deadline=6, breaker=1)


@pytest.mark.parametrize(
    ("end", "names"),
    [
        ("stop", "stop Stop STOP eos eos_token end_turn stop_sequence COMPLETE done normal end finished eod"),
        ("stop", "FINISH_REASON_STOP FinishReason.STOP end_of_text stop_str <|im_end|>"),
        ("length", "length LENGTH max_tokens MAX_TOKENS FINISH_REASON_MAX_TOKENS max_new_tokens context_length"),
        ("length", "model_context_window_exceeded max_output_tokens token_limit truncated model_length"),
        ("content_filter", "content_filter SAFETY content_filtered refusal PROHIBITED_CONTENT guardrail_intervened"),
        ("failed", "error abort network_error insufficient_system_resource cancelled MALFORMED_FUNCTION_CALL"),
        ("unknown", "FINISH_REASON_UNSPECIFIED null none OTHER"),
        ("stop", "endofturn natural_stop stop_sequence_reached stop_reason_end_turn"),
        ("length", "OUTPUT_LIMIT MaxTokens length_exceeded"),
        ("content_filter", "risk_control SPII blocklist"),
        ("failed", "rate_limit server_error ABORTED"),
        ("tool_calls", "tool_calls"),
        ("weird", "weird"),
    ],
)
def test_ends_by_any_name(end: str, names: str) -> None:
    for name in names.split():
        assert end_of(name) == end, name
    assert end_of(None) == end_of("") == "unknown"


THOUGHT = {
    "reasoning_content": "7?",
    "reasoning": {"content": "7?"},
    "thinking": "7?",
    "reasoning_details": [{"type": "reasoning.text", "text": "7?"}],
    "thinking_blocks": [{"type": "thinking", "thinking": "7?", "signature": "s"}],
}


@pytest.mark.parametrize("key", THOUGHT)
def test_thoughts_are_never_the_text(key: str) -> None:
    message = {"content": SAID, key: THOUGHT[key]}
    read = read_answer(orjson.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}))
    assert (read.text, read.reasoning) == (SAID, "7?")
    alone = orjson.dumps({"choices": [{"message": message | {"content": ""}, "finish_reason": "stop"}]})
    assert fault_named(alone) == "only_reasoning"


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "reasoning", "text": "7?"}, {"type": "text", "text": SAID}],
        [{"type": "thinking", "thinking": [{"type": "text", "text": "7?"}]}, {"type": "text", "text": SAID}],
        [{"type": "redacted_thinking", "data": "zz"}, {"type": "text", "text": SAID}],
        [{"type": "output_text", "text": SAID}],
        [{"type": "text", "text": {"value": SAID, "annotations": []}}],
        [{"type": "text", "text": SAID[:8]}, {"type": "text", "text": SAID[8:]}],
        [{"text": SAID}],
        [SAID],
        [None, {"type": "text", "text": SAID}],
        {"type": "text", "text": SAID},
    ],
)
def test_typed_parts_of_the_content(content: object) -> None:
    assert read_answer(answer(content)).text == SAID


def chunks(*choices: object, end: str = "data: [DONE]\n\n", line: str = "data: {}\n\n") -> bytes:
    return ("".join(line.format(json.dumps({"choices": [choice]})) for choice in choices) + end).encode()


@pytest.mark.parametrize(
    "raw",
    [
        orjson.dumps({"choices": [{"text": SAID, "finish_reason": "stop"}]}),
        orjson.dumps({"choices": [{"delta": {"content": SAID}, "finish_reason": "stop"}]}),
        orjson.dumps({"success": True, "data": orjson.loads(answer(SAID))}),
        answer(SAID, error=None),
        answer(SAID, error={"code": 0, "message": ""}),
        answer(SAID) + b"\n\x00",
        chunks(
            {"delta": {"content": SAID[:5]}},
            {"delta": {"content": SAID[5:]}, "finish_reason": "stop"},
            line="event: message\r\ndata:{}\r\n\r\n",
        ),
        chunks({"delta": {"reasoning_content": "7?"}}, {"delta": {"content": SAID}}, {"finish_reason": "stop"}),
    ],
)
def test_envelopes(raw: bytes) -> None:
    assert fault_of(decoded_answer(raw)) is None
    assert usable_text(read_answer(raw)) == SAID


NO_ANSWERS: dict[str, object] = {
    "a text": {"error": "model overloaded"},
    "a detail": {"detail": "Internal error"},
    "a code": {"code": 500, "msg": "busy"},
    "null choices": {"choices": None, "base_resp": {"status_code": 1002, "status_msg": "rate limit"}},
    "a list": [{"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}],
    "null": None,
    "a null choice": {"choices": [None]},
    "a beginning": orjson.loads(answer("The ans", error={"message": "reset", "code": 502})),
    "an abort": orjson.loads(answer("The answer", "abort")),
    "nothing": orjson.loads(answer(None)),
}


def test_failures_with_http_200_are_asked_again_and_never_stored(tmp_path: Path) -> None:
    raws = {name: orjson.dumps(body) for name, body in NO_ANSWERS.items()}
    raws |= {
        "cut off": chunks({"delta": {"content": "The answer is 9"}}, end=""),
        "an event": chunks({"delta": {"content": "The"}}, end='data: {"error": {"message": "no"}}\n\n'),
        "plain": b"upstream connect error",
    }
    results, server = ask(
        tmp_path, lambda text, time: http(raws[text] if time == 1 else answer(SAID)), *raws, patience=QUICK
    )
    assert [usable_text(result) for result in results] == [SAID] * len(raws)
    assert set(server.asked.values()) == {2}
    assert {stored(tmp_path, name) for name in raws} == {answer(SAID)}


REFUSED: list[tuple[str, str, object]] = [
    ("max_completion_tokens", "max_tokens", "'max_tokens' is not supported. Use 'max_completion_tokens' instead."),
    ("max_completion_tokens", "max_tokens", "not supported MaxTokens, please use MaxCompletionTokens"),
    ("no response_format", "response_format", "This response_format type is unavailable now"),
    ("no response_format", "response_format", "response_format: unknown variant `json_schema`"),
    ("no response_format", "response_format", "The schema contains features not supported by xgrammar."),
    ("no response_format", "response_format", "Structured output is not supported for this model"),
    (
        "no response_format",
        "response_format",
        [{"error": {"code": 400, "message": "Unknown name \"x\" at 'generation_config.response_schema'"}}],
    ),
    ("no system role", "", "System role not supported"),
    ("no system role", "", "Conversation roles must alternate user/assistant/user/assistant/..."),
    ("no system role", "", "Developer instruction is not enabled for models/gemma-3-4b-it"),
    ("no system role", "", "'messages[0].role' does not support 'system' with this model."),
    ("no system role", "", "'messages.0.role' : value must be one of 'user', 'assistant'"),
    ("no top_p", "top_p", "Input validation error: `top_p` must be > 0.0 and < 1.0"),
    ("no top_p", "top_p", "`temperature` and `top_p` cannot both be specified for this model."),
    ("no top_p", "top_p", {"detail": [{"loc": ["body", "top_p"], "msg": "Extra inputs are not permitted"}]}),
    ("no top_p", "top_p", {"message": {"detail": [{"loc": ["body", "top_p"], "msg": "Extra inputs"}]}}),
    ("no top_p", "top_p", "does not support parameter topP."),
    ("no temperature", "temperature", "'temperature' does not support 0.7. Only the default (1) value is supported."),
    ("no temperature", "temperature", "`temperature` may only be set to 1 when thinking is enabled."),
    ("no temperature", "temperature", "invalid temperature: only 1 is allowed for this model"),
    ("no temperature", "temperature", {"error": {"message": "Unsupported value", "param": "temperature"}}),
    ("no stop", "stop", "Argument not supported on this model: stop"),
    ("max_completion_tokens", "max_tokens", "max_tokens is deprecated; use `max_completion_tokens`"),
    ("no temperature", "temperature", "Additional parameter 'temperature' not allowed"),
    ("no temperature", "temperature", "For this model, temperature must be 1."),
    ("no top_p", "top_p", {"code": 20015, "message": "top_p: value should be in (0,1)", "data": None}),
    ("no system role", "", "Invalid role: system"),
    ("no system role", "", 'messages: first message must use the "user" role'),
    ("no system role", "", "Jinja Exception: Conversations must start with a user prompt"),
    ("no response_format", "response_format", "JSON mode is not enabled for this model"),
    ("no response_format", "response_format", {"error": {"message": "Invalid value", "param": "response_format.type"}}),
]


@pytest.mark.parametrize(("dialect", "field", "said"), REFUSED)
def test_a_400_that_names_a_parameter_is_learned_from(dialect: str, field: str, said: object) -> None:
    messages = (Message("system", "Be brief."), Message("user", "6 x 7?"))
    body = Request("m", messages, Sampling(stop=("\n\n",)), response_schema={"type": "object"}).body()
    reply = json.dumps({"error": {"message": said}} if isinstance(said, str) else said)
    found = newly_refused(reply, (), body)
    assert found is not None and found.name == dialect
    changed = found.change(body)
    assert field not in changed
    if not field:
        assert changed["messages"] == [{"role": "user", "content": "Be brief.\n\n6 x 7?"}]
    assert dialect not in {getattr(newly_refused(reply, [dialect], changed), "name", "")}


@pytest.mark.parametrize(
    "said",
    [
        "This model's maximum context length is 256 tokens. However, you requested 1300 tokens.",
        "'max_tokens' or 'max_completion_tokens' is too large: 1024.",
        "temperature must be between 0 and 2",
        "The response was filtered due to the prompt triggering the content management policy.",
    ],
)
def test_other_refusals_concern_the_request_alone(said: str) -> None:
    body = Request("m", (Message("user", "6 x 7?"),), Sampling(temperature=2.5)).body()
    assert newly_refused(json.dumps({"error": {"message": said}}), (), body) is None


def test_a_threshold_that_the_user_gave_is_never_dropped() -> None:
    body = Request("m", (Message("user", "6 x 7?"),), Sampling(top_p=0.9)).body()
    assert newly_refused('{"error": "unknown parameter: top_p"}', (), body) is None
    both = newly_refused('{"error": "`temperature` and `top_p` cannot both be specified"}', (), body)
    assert both is not None and both.name == "no temperature"


def test_what_an_error_says_in_any_form() -> None:
    forms: list[object] = ["no", {"error": "no"}, {"error": {"message": "no"}}, {"message": "no"}, {"detail": "no"}]
    forms += [[{"error": {"message": "no"}}], {"errors": ["no"]}, {"detail": [{"msg": "no"}]}]
    assert {told_by(json.dumps(form))[0] for form in forms} == {"no"}


def test_what_was_learned_is_said_once_and_stored(tmp_path: Path) -> None:
    def reply(text: str, time: int) -> Any:
        said = http(b'{"error": {"message": "Unsupported parameter: top_p is not supported"}}', 400)
        return lambda body: said if "top_p" in body else http(answer(SAID))

    async def run(*texts: str) -> tuple[tuple[str, ...], list[bool], Any]:
        server = RawServer(reply)
        async with asking(tmp_path, server, QUICK) as client:
            await asyncio.gather(*(client.ask(Request("m", (Message("user", text),))) for text in texts))
            notes = await client.finish(0, len(texts))
            return notes, ["top_p" in body for body in server.bodies], client.figures(1).get("dialects")

    notes, had, learned = asyncio.run(run("a", "b", "c"))
    assert sum("refused top_p" in note for note in notes) == 1
    assert had.count(False) == 3
    assert learned == {"m": ["no top_p"]}


def test_a_later_run_knows_the_dialect(tmp_path: Path) -> None:
    refusing = http(b'{"error": {"message": "top_p: Extra inputs are not permitted"}}', 400)

    async def run() -> list[bool]:
        server = RawServer(lambda text, time: lambda body: refusing if "top_p" in body else http(answer(SAID)))
        store = ResponseStore(tmp_path / "responses.sqlite")
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
        for text in "ab":
            client = LiveClient(OpenAICompatible(url, None, "KEY"), store, Ledger("m", None), "sample", QUICK)
            await client.ask(Request("m", (Message("user", text),)))
            await client.close()
        store.close()
        listening.close()
        return ["top_p" in body for body in server.bodies]

    assert asyncio.run(run()) == [True, False, False]


def test_a_server_that_continues_nothing_is_asked_once(tmp_path: Path) -> None:
    said = http(b'{"error": {"message": "Unrecognized request arguments: continue_final_message"}}', 400)

    async def run() -> tuple[list[object], int, tuple[str, ...]]:
        server = RawServer(lambda text, time: lambda body: said if "continue_final_message" in body else http(answer()))
        async with asking(tmp_path, server, QUICK) as client:
            begun = [Request("m", (Message("user", text), Message("assistant", "6 x 7"))) for text in ("a", "b", "c")]
            plain = client.ask(Request("m", (Message("user", "plain"),)))
            first = await asyncio.gather(plain, client.ask(begun[0]), return_exceptions=True)
            later = await asyncio.gather(*map(client.ask, begun[1:]), return_exceptions=True)
            return [*first, *later], len(server.bodies), await client.finish(0, 1)

    (plain, *refused), asked, notes = asyncio.run(run())
    assert isinstance(plain, Response)
    assert [getattr(one, "reason", None) for one in refused] == ["no_continuation"] * 3
    assert asked == 2
    assert sum(NO_CONTINUATION.note in note for note in notes) == 1


FATAL: list[tuple[int, object, str]] = [
    (400, [{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key."}}], "not accepted"),
    (400, {"error": {"message": "Your credit balance is too low to access the API."}}, "no credit"),
    (400, {"error": {"message": "The model `m` does not exist", "code": "model_not_found"}}, "no such model"),
    (401, {"error": {"message": "revoked"}}, "not accepted"),
    (402, {"error": {"message": "Insufficient credits"}}, "no credit"),
    (429, {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}, "no credit"),
]


@pytest.mark.parametrize(("status", "said", "hint"), FATAL)
def test_what_concerns_every_request_stops_in_mid_run(tmp_path: Path, status: int, said: object, hint: str) -> None:
    fatal = http(orjson.dumps(said), status)
    with pytest.raises(ModelError, match=hint) as caught:
        ask(tmp_path, lambda text, time: fatal if text == "late" else http(answer()), "a", "late", patience=QUICK)
    assert "\n" not in str(caught.value)


def test_what_concerns_one_request_rejects_that_one(tmp_path: Path) -> None:
    said = {
        "inspected": (400, {"error": {"code": "data_inspection_failed", "message": "inappropriate content"}}),
        "legal": (451, {"error": {"message": "unavailable for legal reasons"}}),
        "long": (422, {"error": "`inputs` tokens + `max_new_tokens` must be <= 512", "error_type": "validation"}),
        "large": (413, {"error": {"message": "Request too large"}}),
        "blocked": (403, {"error": {"message": "Your input was blocked by our moderation policy"}}),
    }
    replies = {name: http(orjson.dumps(body), status) for name, (status, body) in said.items()}
    results, _ = ask(tmp_path, lambda text, time: replies.get(text, http(answer())), "good", *said, patience=QUICK)
    assert isinstance(results[0], Response)
    assert [getattr(one, "reason", None) for one in results[1:]] == ["refused_request"] * len(said)


def test_a_template_error_of_llama_cpp_is_learned_from(tmp_path: Path) -> None:
    error = {"error": {"code": 500, "message": "System role not supported at row 1", "type": "server_error"}}

    def reply(text: str, time: int) -> Any:
        refused = http(orjson.dumps(error), 500)
        return lambda body: refused if body["messages"][0]["role"] == "system" else http(answer(SAID))

    async def run() -> str:
        async with asking(tmp_path, RawServer(reply), QUICK) as client:
            return (await client.ask(Request("m", (Message("system", "Brief."), Message("user", "a"))))).text

    assert asyncio.run(run()) == SAID


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ("top_p=", {"top_p": None}),
        ("max_tokens=@max_completion_tokens,top_p=", {"max_tokens": "@max_completion_tokens", "top_p": None}),
        ("reasoning_effort=low,seed=3", {"reasoning_effort": "low", "seed": 3}),
        ('chat_template_kwargs={"enable_thinking": false, "a": [1, 2]}', {"chat_template_kwargs":
            {"enable_thinking": False, "a": [1, 2]}}),
        ("chat_template_kwargs.enable_thinking=false", {"chat_template_kwargs": {"enable_thinking": False}}),
        ("stop=a b", {"stop": "a b"}),
    ],
)  # fmt: skip
def test_fields_of_a_request_as_typed(typed: str, fields: object) -> None:
    assert SampleConfig.from_mapping({"model": "m", "request": typed}).request == fields


@pytest.mark.parametrize("typed", ["top_p", "=1", "a=1,b"])
def test_fields_that_are_no_pairs(typed: str) -> None:
    with pytest.raises(ConfigError, match="expected NAME=VALUE"):
        SampleConfig.from_mapping({"model": "m", "request": typed})


def test_fields_are_sent_and_are_part_of_what_is_asked(tmp_path: Path) -> None:
    async def run() -> list[dict[str, Any]]:
        server = RawServer(lambda text, time: http(answer()))
        async with asking(tmp_path, server, QUICK) as client:
            request = Request("m", (Message("user", "a"),))
            fields: list[dict[str, Any]] = [{}, {"top_p": None, "seed": 3}, {"max_tokens": "@max_completion_tokens"}]
            for extra in fields:
                await ClientWithFields(client, extra).ask(request)
                await ClientWithFields(client, extra).ask(request)
        return server.bodies

    plain, changed, renamed = asyncio.run(run())
    assert "top_p" not in changed and changed["seed"] == 3
    assert renamed["max_completion_tokens"] == plain["max_tokens"]


def test_a_stored_answer_that_is_none_is_asked_again_by_its_reason(tmp_path: Path) -> None:
    async def run(reasons: tuple[str, ...]) -> tuple[str, int, int]:
        server = RawServer(lambda text, time: http(answer(SAID if stored(tmp_path, text) else "Half", "length")))
        async with asking(tmp_path, server, QUICK, ask_again=reasons) as client:
            read = await client.ask(Request("m", (Message("user", "a"),)))
            again = await client.ask(Request("m", (Message("user", "a"),)))
            assert read == again
            return read.text, len(server.bodies), client.ledger.calls

    assert asyncio.run(run(())) == ("Half", 1, 1)
    assert asyncio.run(run(("refused",))) == ("Half", 0, 1)
    assert asyncio.run(run(("cut_off",))) == (SAID, 1, 2)
    assert asyncio.run(run(())) == (SAID, 0, 2), "both answers were paid for"


def test_asking_again_starts_over_and_its_reasons_are_known() -> None:
    assert SampleConfig.from_mapping({"model": "m", "ask_again": "cut_off,refused"}).fresh
    with pytest.raises(ConfigError, match="'slow' is no reason; give one of cut_off"):
        SampleConfig.from_mapping({"model": "m", "ask_again": "slow"})


STEP = '{"step": 2, "error_type": "x"}'


@pytest.mark.parametrize(
    "text",
    [
        STEP,
        f"Here is the JSON you asked for:\n\n```json\n{STEP}\n```\nLet me know!",
        f"```JSON\n{STEP}\n```",
        f"~~~\n{STEP}\n~~~",
        f'<think>{{"step": 1}}</think>\n{STEP}',
        f"<|channel|>analysis<|message|>{{}}<|end|><|start|>assistant<|channel|>final<|message|>{STEP}",
        f'A draft: {{"step": 1}}. Final: {STEP}',
        f"The set {{1, 2}} is meant. {STEP} That is all.",
        f"[{STEP}]",
        STEP[:-1] + ",}",
        f"<json>{STEP}</json>",
        f"{STEP}<|im_end|>",
        json.dumps(STEP),
        STEP.replace('"', "'"),
        f"{STEP}\n\nExplanation: {{unclosed",
        STEP.replace("{", "{ // what is wrong\n").replace(",", ", // the second\n"),
        "{\u201cstep\u201d: 2, \u201cerror_type\u201d: \u201cx\u201d}",
    ],
)
def test_json_in_prose(text: str) -> None:
    assert json_reply(text) == {"step": 2, "error_type": "x"}


def test_latex_in_json() -> None:
    text = r'{"a": "\( 3 \)", "b": "\frac{1}{2} \times \sqrt{4} \neq \theta", "c": "x\ny\tz \"q\" \\pi \u00e9"}'
    read = json_reply(text)
    assert read["a"] == r"\( 3 \)"
    assert read["b"] == r"\frac{1}{2} \times \sqrt{4} \neq \theta"
    assert read["c"] == 'x\ny\tz "q" \\pi é'


@pytest.mark.parametrize("text", ["", "no", "[1, 2]", "{", "{" * 5000, "<think>" + STEP])
def test_no_json(text: str) -> None:
    with pytest.raises(Refusal):
        assert json_reply(text) is None


def test_numbers_of_steps() -> None:
    assert [whole_number(value) for value in ("Step 2", "2.", "step #2", "2 of 4", [2], 2.0)] == [2] * 6
    assert whole_number("none") == 0
    assert whole_number("steps 2 and 3") == "steps 2 and 3"
