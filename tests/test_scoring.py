"""Model-aware reflections: scores against a plain forward pass, through a server, stored, resumed, and drawn from."""

from __future__ import annotations

import json
import math
import multiprocessing
import random
import threading
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec

import pytest
from training_data import small, write_records

pytest.importorskip("trl")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from transformers import AutoModelForCausalLM

from lemma.commands.train import train
from lemma.config import TrainConfig
from lemma.exceptions import ConfigError, LemmaError, MissingExtraError, ModelError, RunDirectoryError
from lemma.models.attempts import Patience
from lemma.models.backends.openai_compatible import OpenAICompatible
from lemma.models.chat_template import load_tokenizer, plain_prompt, render_prompt
from lemma.models.factory import open_scorer
from lemma.models.scoring import ModelScorer, Score, Turn
from lemma.training import tiny_model
from lemma.training.records import read_record_lines, record_files
from lemma.training.tiny_model import make_tiny_model
from lemma.trajectories.model_choice import ModelChoice, choose
from lemma.trajectories.phrase_comparison import Place, compare, write_comparison
from lemma.trajectories.phrase_scores import open_scores, score_turns

torch.set_num_threads(1)

KEY = "sk-right-1234"

PHRASES = ("Wait, that is wrong.", "Wait, that is wrong. Let me see.", "Hmm.", "No: 漢\U0001f600 here", "\n", "W")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    write_records(folder, 30)
    lines = read_record_lines(record_files(folder, "sft", ("lemma",)))
    make_tiny_model(folder / "tiny", (line.conversation("sft") for line in lines), seed=3)
    return str(folder / "tiny")


@pytest.fixture(scope="module")
def scorer(model):
    scorer = open_scorer("transformers", model, "")
    yield scorer
    scorer.close()


class PlainPass:
    """Log-probabilities by one forward pass a text, without cache, padding or batch."""

    def __init__(self, model):
        self.tokenizer = load_tokenizer(model)
        self.model = AutoModelForCausalLM.from_pretrained(model)

    def tokens(self, text):
        """Offset, token text and log-probability of each token; None for the first."""
        encoded = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        ids = torch.tensor([encoded["input_ids"]])
        with torch.no_grad():
            logits = torch.log_softmax(self.model(ids).logits[0].double(), -1)
        given = [None, *(logits[at, ids[0, at + 1]].item() for at in range(ids.shape[1] - 1))]
        return [
            (start, text[start:end], value)
            for (start, end), value in zip(encoded["offset_mapping"], given, strict=True)
        ]

    def score(self, prompt, continuation):
        said = [value for at, token, value in self.tokens(prompt + continuation) if at + len(token) > len(prompt)]
        return Score(sum(said), len(said))


@pytest.fixture(scope="module")
def plain(model):
    return PlainPass(model)


def assert_same(scores, expected):
    assert [score.tokens for score in scores] == [score.tokens for score in expected]
    assert [score.log_likelihood for score in scores] == pytest.approx([s.log_likelihood for s in expected], abs=1e-3)


TEXT = st.text(st.sampled_from("abc 12\n.+é漢"), max_size=20)


@settings(max_examples=30, deadline=None)
@given(before=TEXT, candidates=st.lists(TEXT.filter(bool), min_size=1, max_size=4), after=TEXT)
def test_scores_are_those_of_a_plain_forward_pass(scorer, plain, before, candidates, after):
    turn = Turn("What is 3 + 4?", before, tuple(candidates), after)
    prompt = render_prompt(plain.tokenizer, [{"role": "user", "content": turn.question}]) + before
    (scores,) = scorer.score([turn])
    assert_same(scores, [plain.score(prompt, candidate + after) for candidate in candidates])


def test_the_plain_prompt_is_that_of_a_model_without_a_template(plain):
    assert plain_prompt("1 + 1?") == render_prompt(plain.tokenizer, [{"role": "user", "content": "1 + 1?"}])


def through_server(url):
    return ModelScorer(OpenAICompatible(url, KEY, "SOME_KEY", 2, "tiny"), Patience(max_in_flight=2, breaker=2))


@contextmanager
def serve(answer):
    """A server on a real socket; `answer` gives status and body for the body of a request."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            status, body = answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    scorer = through_server(f"http://127.0.0.1:{server.server_port}/v1")
    try:
        yield scorer
    finally:
        scorer.close()
        server.shutdown()
        server.server_close()


def completion_choice(index, tokens):
    """A completion in OpenAI's form, with a generated token behind what was echoed."""
    starts, texts, given = zip(*tokens, (tokens[-1][0] + len(tokens[-1][1]), " more", -0.5), strict=True)
    logprobs = {"text_offset": starts, "tokens": texts, "token_logprobs": given, "top_logprobs": None}
    return {"index": index, "text": "".join(texts), "finish_reason": "length", "logprobs": logprobs}


def completion(choices):
    return {"id": "1", "object": "text_completion", "created": 1, "model": "tiny", "choices": choices}


def test_a_server_gives_the_same_scores(plain, scorer):
    """The choices come back in another order; the first call fails, as servers do."""
    calls = Counter()

    def answer(body):
        calls["all"] += 1
        if calls["all"] == 1:
            return 503, {"error": {"message": "busy"}}
        assert body["echo"]
        return 200, completion(
            [completion_choice(n, plain.tokens(text)) for n, text in reversed([*enumerate(body["prompt"])])]
        )

    turns = [Turn("What is 3 + 4?", f"3 + 4 = {n}.\n", PHRASES[:3], "\nIt is 7.") for n in range(3)]
    with serve(answer) as server:
        for through_server, in_process in zip(server.score(turns), scorer.score(turns), strict=True):
            assert_same(through_server, in_process)


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (200, completion([completion_choice(0, [(0, "Hm", None)])]), "the prompt did not come back"),
        (
            200,
            completion([{"index": 0, "text": "x", "finish_reason": "stop", "logprobs": None}]),
            "no log-probabilities",
        ),
        (200, completion([]), "0 answers to 1 prompts"),
        (400, {"error": {"message": "echo is not supported"}}, "echo is not supported"),
    ],
)
def test_a_server_that_can_not_score_is_one_line(status, body, message):
    with serve(lambda _: (status, body)) as server, pytest.raises(ModelError) as caught:
        server.score([Turn("1?", "one.\n", ("Wait.",))])
    assert message in str(caught.value)
    assert "vLLM server" in str(caught.value)
    assert "\n" not in str(caught.value)


class Counting:
    """Scores by length, and stops as a kill would, in the middle of a batch."""

    name = "counting"

    def __init__(self, stop_after=10**9):
        self.scored, self._stop_after = [], stop_after

    def score(self, turns):
        if len(self.scored) >= self._stop_after:
            raise KeyboardInterrupt
        self.scored += turns
        return [[Score(-float(len(text)), len(text)) for text in turn.continuations] for turn in turns]


def test_what_was_scored_is_not_scored_again(tmp_path):
    turns = [Turn(f"question {number}", "before\n", PHRASES) for number in range(200)]
    file = tmp_path / "run" / "scores.sqlite"
    first = Counting(stop_after=100)
    with open_scores(file, first.name) as scores, pytest.raises(KeyboardInterrupt):
        list(score_turns(turns, first, scores))
    second = Counting()
    with open_scores(file, second.name) as scores:
        assert list(score_turns(turns, second, scores)) == [64, 128, 192, 200]
        assert scores.of(turns[7]) == [Score(-len(phrase), len(phrase)) for phrase in PHRASES]
    assert [*first.scored, *second.scored] == turns
    assert len(second.scored) < len(turns)


def test_scores_of_another_model_or_text_are_not_mixed_in(tmp_path):
    turn = Turn("q", "b", ("p",))
    with open_scores(tmp_path / "s.sqlite", "one") as scores:
        scores.put([turn], [[Score(-1.0, 1)]])
    for name, other in (("two", turn), ("one", Turn("q", "b", ("p",), "after")), ("one", Turn("q", "", ("bp",)))):
        with open_scores(tmp_path / "s.sqlite", name) as scores:
            assert not scores.has(other)
            with pytest.raises(LemmaError, match="no score yet"):
                scores.of(other)


def test_a_damaged_file_is_one_line(tmp_path):
    (tmp_path / "s.sqlite").write_bytes(b"not a data base, but long enough to be looked at" * 100)
    with pytest.raises(RunDirectoryError, match="Remove it"), open_scores(tmp_path / "s.sqlite", "one"):
        pass


MEANS = [Score(-2.0, 2), Score(-2.0, 1), Score(-9.0, 3)]


@pytest.mark.parametrize(
    ("temperature", "shares"),
    [(0, [1, 0, 0]), (1.0, [0.665, 0.245, 0.090]), (0.1, [1, 0, 0]), (100.0, [0.337, 0.333, 0.330])],
)
def test_draws_follow_the_likelihood_per_token(temperature, shares):
    rng = random.Random(5)
    drawn = Counter(choose(MEANS, temperature, rng) for _ in range(4000))
    assert [drawn[index] / 4000 for index in range(3)] == pytest.approx(shares, abs=0.025)


def test_unlikely_phrases_do_not_underflow():
    assert choose([Score(-1e9, 1), Score(-1e9 - 1, 1)], 1.0, random.Random(0)) in (0, 1)


def test_workers_draw_what_this_process_draws(tmp_path):
    """Scores are read in other processes, and the same random numbers draw the same phrase there."""
    turns = [Turn(f"question {number}", "before\n", PHRASES) for number in range(20)]
    file = tmp_path / "scores with a blank.sqlite"
    with open_scores(file, "counting") as scores:
        list(score_turns(turns, Counting(), scores))
    choice = ModelChoice(file, "counting", 0.5)
    with ProcessPoolExecutor(1, multiprocessing.get_context("forkserver")) as pool:
        elsewhere = list(pool.map(choice.draw, turns, map(random.Random, range(20))))
    assert elsewhere == [choice.draw(turn, random.Random(seed)) for seed, turn in enumerate(turns)]
    assert len(set(elsewhere)) > 1


class ByLength:
    """A character is a token and costs one nat, a blank two."""

    name = "by length"

    def score(self, turns):
        return [[Score(-float(len(text) + text.count(" ")), len(text)) for text in t.continuations] for t in turns]


def test_ways_are_compared_by_the_whole_text(tmp_path):
    ways = {"model": "abcd", "typed": "ab d", "random": "a  d"}
    comparison = compare([Place("1?", "ab\n", "\ncd", ways) for _ in range(3)], ByLength())
    nats = {"model": 1.0, "typed": 1.1, "random": 1.2}
    for way, expected in nats.items():
        found = comparison.perplexity[way]
        assert (found.value, found.low, found.high) == pytest.approx([math.exp(expected)] * 3)
    assert {way: found.value for way, found in comparison.difference.items()} == pytest.approx(
        {"typed": -0.1, "random": -0.2}
    )
    written = json.loads(write_comparison(tmp_path, "m", comparison).read_bytes())
    assert (written["model"], written["trajectories"], written["perplexity"]["typed"]["value"]) == (
        "m",
        3,
        comparison.perplexity["typed"].value,
    )


@pytest.mark.slow
def test_a_trained_model_finds_model_aware_phrases_likelier(tmp_path, monkeypatch):
    """On 20 trajectories with errors that the model has not seen, with a 95 % interval."""
    import reflections

    monkeypatch.setattr(tiny_model, "LlamaConfig", small)
    write_records(tmp_path / "run", 150, seed=1)
    write_records(tmp_path / "others", 20, seed=2)
    asked = {"records": ("lemma",), "max_steps": 16, "learning_rate": 4e-3, "effective_batch": 8, "eval_share": 0.0}
    train(TrainConfig(run=tmp_path / "run", **asked), Console(quiet=True))
    openings = reflections.read_openings(tmp_path / "others/sft/lemma.jsonl", 20)
    scorer = open_scorer("transformers", str(tmp_path / "run/model"), "")
    result = reflections.compare_ways(openings, scorer, temperature=0.3, lookahead=False)
    assert result.trajectories == 20
    assert all(difference.high < 0 for difference in result.difference.values())
    assert result.perplexity["model"].value < result.perplexity["random"].value


def test_backends(model):
    for backend, url, name in (
        ("transformers", "", model),
        ("auto", None, model),
        ("openai_compatible", "http://localhost:1/v1", "http://localhost:1/v1:m"),
        ("auto", "http://localhost:1/v1", "http://localhost:1/v1:m"),
    ):
        scorer = open_scorer(backend, "m" if url else model, url)
        assert scorer.name.startswith(name)
        scorer.close()
    with pytest.raises(ConfigError, match="scripted can't score"):
        open_scorer("scripted", "student", "")
    with pytest.raises(ConfigError, match="there are: openai_compatible, transformers, vllm"):
        open_scorer("magic", model, "")
    with pytest.raises(ConfigError, match="no model at"):
        open_scorer("transformers", "./nothing", "")


@pytest.mark.skipif(find_spec("vllm") is not None, reason="vLLM is installed")
def test_without_vllm_it_is_said_how_to_get_it():
    with pytest.raises(MissingExtraError, match=r"pip install 'lemma-sft\[vllm\]'"):
        open_scorer("vllm", "m", "")


def test_a_server_that_is_not_there():
    scorer = through_server("http://127.0.0.1:9/v1")
    with pytest.raises(ModelError, match=r"http://127\.0\.0\.1:9/v1 can't be reached"):
        scorer.score([Turn("1?", "one.\n", ("Wait.",))])
    scorer.close()
