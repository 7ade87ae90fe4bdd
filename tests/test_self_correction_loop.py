"""The benchmark of the whole loop, at its smallest: that every part of it goes together, not what comes out."""

import importlib.util
import sys
from pathlib import Path

import orjson
import pytest

from lemma.cli import main

ROOT = Path(__file__).resolve().parent.parent
BENCHMARK = ROOT / "benchmarks" / "self_correction_loop.py"
APART = "generate"


@pytest.fixture(scope="module")
def loop():
    """The module of the benchmark."""
    specification = importlib.util.spec_from_file_location("self_correction_loop", BENCHMARK)
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    return module


def test_a_word_is_one_token_wherever_it_stands_and_no_text_is_changed(loop):
    text = "Ida has 5 pens.\nIda has 12 - 4 = 8 pens.\nNo, that isn't it. Again:\nThe answer is 8"
    tokenizer = loop.word_tokenizer([text])
    encoded = tokenizer.encode(text)
    assert tokenizer.decode(encoded.ids) == text
    assert [encoded.tokens[place] for place in (0, 1, 2, 6)] == [" Ida", " has", " 5", " Ida"]
    assert " 12" in encoded.tokens
    begun = tokenizer.encode("Ida has 5 pens.\n")
    assert begun.ids == encoded.ids[: len(begun.ids)]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_smoke_size_runs_from_problems_to_the_comparison(loop, tmp_path, monkeypatch, capsys):
    """The first command runs as the benchmark does, the others in this process, which has the libraries."""

    class Here(loop.Loop):
        def at_once(self, commands):
            here = [(run, words) for run, words in commands if words[0] != APART]
            super().at_once([one for one in commands if one not in here])
            for run, words in here:
                run.mkdir(parents=True, exist_ok=True)
                assert main([*words, "--run", str(run), "--seed", str(self.seed)]) == 0

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    Here(tmp_path, loop.SIZES["smoke"], "cpu", seed=0).run()
    shown = capsys.readouterr().out
    tokens = [int(line.split()[3].replace(",", "")) for line in shown.splitlines() if "tokens per epoch" in line]
    assert len(tokens) == 2
    assert abs(tokens[0] - tokens[1]) < 0.02 * tokens[0]
    for arm in ("cot", "lemma"):
        results = orjson.loads((tmp_path / arm / "eval" / "model" / "results.json").read_bytes())
        suites = {row["suite"] for row in results["figures"]}
        assert suites == {"accuracy", "self-correction", "recovery", "blind-spot", "first-error"}
    assert "right prefix: false reflection" in shown
    test = {orjson.loads(line)["question"] for line in (tmp_path / "test.jsonl").read_bytes().splitlines()}
    for kind in ("cot", "lemma"):
        records = (tmp_path / "data" / "sft" / f"{kind}.jsonl").read_bytes().splitlines()
        assert test.isdisjoint(orjson.loads(record)["prompt"][0]["content"] for record in records)
