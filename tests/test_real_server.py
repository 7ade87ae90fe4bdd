"""Both papers' pipelines as a user types them, against a real OpenAI-compatible server on the CPU: `transformers
serve`, with a tiny model that this test trains. It knows by heart what to say to three problems, and babbles about a
fourth until it is cut off.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transformers")
pytest.importorskip("uvicorn")
pytest.importorskip("fastapi")

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from lemma.cli import main
from lemma.models.prompts import load_prompt
from lemma.training.tiny_model import make_tiny_model

ROOT = Path(__file__).resolve().parent.parent
OFFLINE = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": "sk-very-secret"}
SAMPLES, TOKENS = 2, 60
MOST_STEPS, LEARNED = 500, 0.02

# Question, right steps, how the last one goes wrong, the answer and the wrong one; only the last step is ever wrong.
PROBLEMS = [
    ("Ann has 3 bags of 4 pears and eats 2. How many are left?", "12", "3 * 4", "12 - 2", "10", "9", "8"),
    ("Ben packs 5 boxes of 6 cups and drops 7. How many are whole?", "30", "5 * 6", "30 - 7", "23", "27", "24"),
    ("Cora reads 8 pages on 9 days, then 5 more. How many in all?", "72", "8 * 9", "72 + 5", "77", "77", "67"),
]
BABBLE = "Dov counts the stars. How many does he see?"

# A model's chat template is its own affair. This one shows it who it is to be and the problem, and little else.
TEMPLATE = (
    "{%- set asked = messages | selectattr('role', 'equalto', 'user') | list -%}"
    "{{- messages[0]['content'][:12] + '|' + asked[-1]['content'].removeprefix('Problem: ')[:8] + '|' -}}"
    "{%- if messages[-1]['role'] == 'assistant' -%}{{- messages[-1]['content'] + eos_token -}}{%- endif -%}"
)


def steps(problem: tuple[str, ...], result: str) -> list[str]:
    _, product, times, rest, *_ = problem
    return [f"There are {times} = {product}.", f"So {rest} = {result}."]


def conversations() -> Iterator[list[dict[str, str]]]:
    """What the model is to know by heart: what it says as student, as teacher and as judge of each problem."""
    blank = dict.fromkeys(("numbered_steps", "reference", "explanation", "error_number", "error_types"), "")
    blank |= dict.fromkeys(("type_name", "type_definition", "example_question", "example_right", "example_wrong"), "")
    babble = "One star" + " and one star" * 21
    yield conversation("solve", babble, question=BABBLE)
    for problem in PROBLEMS:
        question, _, _, rest, right, students, injected = problem
        judgement = {"step": 2, "error_type": "calculation_error", "explanation": f"{rest} is {right}."}
        written = {"steps": steps(problem, injected), "error_step": 2, "explanation": rest, "answer": injected}
        answers = {
            "solve": "\n".join([*steps(problem, students), f"The answer is {students}"]),
            "locate_error": json.dumps(judgement),
            "inject_error": json.dumps(written),
            "correct_fix": f"{steps(problem, right)[1]}\nThe answer is {right}",
            "correct_restart": f"{rest} makes {right}.\nThe answer is {right}",
        }
        for name, answer in answers.items():
            yield conversation(name, answer, **blank, question=question)


def conversation(prompt: str, answer: str, **values: str) -> list[dict[str, str]]:
    turns = [message._asdict() for message in load_prompt(prompt).render(**values)]  # type: ignore[union-attr]
    return [*turns, {"role": "assistant", "content": answer}]


def train(folder: Path) -> Path:
    """A model of the conversations, small enough to learn them by heart in seconds."""
    known = list(conversations())
    make_tiny_model(folder, known, seed=0)
    (folder / "chat_template.jinja").write_text(TEMPLATE)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    texts = [tokenizer.apply_chat_template(turns, tokenize=False) for turns in known]
    shown = [len(tokenizer.apply_chat_template(turns[:-1])["input_ids"]) for turns in known]
    batch = tokenizer(texts, return_tensors="pt", padding=True, padding_side="right")
    labels = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, -100)
    for row, length in zip(labels, shown, strict=True):
        row[:length] = -100
    torch.manual_seed(0)
    shape = AutoConfig.from_pretrained(folder, hidden_size=96, head_dim=48, num_hidden_layers=2)
    model = AutoModelForCausalLM.from_config(shape)
    learning = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(MOST_STEPS):
        loss = model(**batch, labels=labels).loss
        if loss < LEARNED:
            break
        loss.backward()
        learning.step()
        learning.zero_grad()
    assert loss < LEARNED, float(loss)
    model.save_pretrained(folder)
    return folder


@dataclass(frozen=True)
class Served:
    model: Path
    url: str
    log: Path

    def calls(self) -> int:
        """How many calls the server has answered, by its own log."""
        return self.log.read_text().count("POST /v1/")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    model = train(folder / "model")
    start = "from transformers.cli.transformers import main; main()"
    flags = ["serve", "--host", "127.0.0.1", "--port", "0", "--device", "cpu"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", start, *flags], env=os.environ | OFFLINE, stdout=log, stderr=log
        )
        try:
            address = wait_until_up(process, folder / "server.log")
            yield Served(model, f"{address}/v1", folder / "server.log")
        finally:
            process.kill()
            process.wait()


def wait_until_up(process: subprocess.Popen[bytes], log: Path) -> str:
    """The address of the server, which chose a free port and wrote it into its log."""
    deadline = time.monotonic() + 240
    while (running := re.search(r"running on (http://127\.0\.0\.1:\d+)", log.read_text())) is None:
        assert process.poll() is None and time.monotonic() < deadline, log.read_text()[-2000:]
        time.sleep(0.2)
    with urllib.request.urlopen(f"{running[1]}/health", timeout=60):
        return running[1]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "problems.jsonl"
    rows = [{"question": one[0], "answer": "\n".join([*steps(one, one[4]), f"#### {one[4]}"])} for one in PROBLEMS]
    rows.append({"question": BABBLE, "answer": "He sees 2 * 3 = 6 stars.\n#### 6"})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def run_pipeline(name: str, run: Path, served: Served, data: Path, *flags: str) -> None:
    options = {"model": served.model, "teacher": served.model, "base_url": served.url, "data": data}
    options |= {"max_tokens": TOKENS, "max_in_flight": 4, "n": SAMPLES}
    given = ",".join(f"{key}={value}" for key, value in options.items())
    assert main(["run", name, "--run", str(run), "--set", given, *flags]) == 0


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def rejected(run: Path, stage: str) -> Counter[str]:
    return Counter(line["reason"] for line in lines(run / "rejected.jsonl") if line["stage"] == stage)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lemma", "lema"])
def test_a_whole_pipeline_against_a_real_server(
    name: str, served: Served, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", OFFLINE["OPENAI_API_KEY"])
    run = tmp_path / "run"
    calls_before = served.calls()
    run_pipeline(name, run, served, data)

    solutions = lines(run / "solutions.jsonl")
    assert Counter(line["verdict"] for line in solutions) == {"different": 2 * SAMPLES, "equal": SAMPLES}
    assert rejected(run, "sample") == {"cut_off": SAMPLES}, "what ends by its length is no solution"

    erroneous = lines(run / "erroneous.jsonl")
    students = [line for line in erroneous if line["origin"] == "student"]
    assert len(students) + rejected(run, "analyze").total() == 2 * SAMPLES
    assert students
    assert {(line["error_step"], line["error_type"]) for line in students} == {(1, "calculation_error")}
    if name == "lemma":
        injected = {line["problem_id"] for line in erroneous if line["origin"] == "teacher"}
        refused = {line["id"] for line in lines(run / "rejected.jsonl") if line["stage"] == "augment"}
        assert injected and injected | refused == {line["id"] for line in lines(run / "problems.jsonl")}
        assert json.loads((run / "distribution.json").read_text())["weights"] == {"calculation_error": 100.0}

    strategies = {"lemma": 2, "lema": 1}[name]
    corrections = lines(run / "corrections.jsonl")
    assert len(corrections) + rejected(run, "correct").total() == strategies * len(erroneous)
    assert corrections
    records = lines(run / "sft" / f"{name}.jsonl")
    assert records
    assert_everything_is_stored(run, served, served.calls() - calls_before)
    assert_nothing_is_asked_again(name, run, served, data)


def assert_everything_is_stored(run: Path, served: Served, calls: int) -> None:
    with sqlite3.connect(run / "responses.sqlite") as store:
        rows = store.execute("SELECT raw, prompt_tokens, completion_tokens FROM responses").fetchall()
    assert len(rows) == calls
    assert all(prompt and completion for _, prompt, completion in rows)
    assert all(json.loads(raw)["choices"] for raw, _, _ in rows)
    stages = json.loads((run / "run.json").read_text())["stages"].values()
    spent = [stage["model"] for stage in stages if "model" in stage]
    assert sum(figures["calls"] for figures in spent) == calls
    assert sum(figures["completion_tokens"] for figures in spent) == sum(row[2] for row in rows)
    assert all(b"sk-very-secret" not in path.read_bytes() for path in run.rglob("*") if path.is_file())


def assert_nothing_is_asked_again(name: str, run: Path, served: Served, data: Path) -> None:
    """Neither by the same command, nor when every stage starts over: the store answers, and the files are the same."""
    made, calls = made_files(run), served.calls()
    run_pipeline(name, run, served, data)
    run_pipeline(name, run, served, data, "--fresh")
    assert served.calls() == calls
    assert made_files(run) == made


def made_files(run: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (*run.glob("*.jsonl"), *run.glob("sft/*.jsonl"))}
