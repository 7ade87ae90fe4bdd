"""What `lemma train` is asked and fed: presets, batches, records; each mistake ends in one line that says what next."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import orjson
import pytest
from training_data import write_records

pytest.importorskip("trl")

from rich.console import Console

from lemma.cli import main
from lemma.commands.train import one_gpu_per_process, train
from lemma.config import TrainConfig
from lemma.exceptions import ConfigError, LemmaError
from lemma.formats import record_kinds
from lemma.training.job import split_batch, total_steps
from lemma.training.presets import FILLED_BY_PRESET, TrainSettings, preset_names, with_preset
from lemma.training.records import Line, read_record_lines

QUIET = Console(quiet=True)


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_says_all_there_is_to_say(name, tmp_path):
    config = with_preset(TrainConfig(preset=name, model="some/model"))
    assert all(getattr(config, field) is not None for field in FILLED_BY_PRESET)
    assert isinstance(config, TrainSettings)
    copy = tmp_path / "mine.yaml"
    copy.write_text(next(iter(_preset_files(name))).read_text("utf-8") + "\nmax_steps: 7\n", "utf-8")
    mine = with_preset(TrainConfig(preset=str(copy), model="some/model"))
    assert mine.max_steps == 7
    assert mine.learning_rate == config.learning_rate


def _preset_files(name):
    from lemma.training import presets

    return presets.FOLDER.glob(f"{name}.yaml")


def test_the_papers_settings():
    lemma = with_preset(TrainConfig(preset="lemma", model="m"))
    assert (lemma.learning_rate, lemma.schedule, lemma.warmup, lemma.epochs) == (1e-5, "cosine", 0.03, 3)
    assert (lemma.max_length, lemma.effective_batch, lemma.lora, lemma.qlora) == (4096, 256, False, False)
    lema = with_preset(TrainConfig(preset="lema", model="m"))
    assert (lema.qlora, lema.lora_r, lema.lora_alpha, lema.lora_dropout) == (True, 64, 16, 0.05)
    assert (lema.schedule, lema.effective_batch, lema.max_grad_norm, lema.weight_decay) == ("constant", 96, 0.3, 0.01)


@pytest.mark.parametrize(
    ("asked", "preset"),
    [
        ({}, "tiny"),
        ({"model": "m"}, "lemma"),
        ({"model": "m", "lora": True}, "lora"),
        ({"model": "m", "qlora": True}, "lema"),
        ({"model": "m", "objective": "dpo"}, "dpo"),
    ],
)
def test_the_preset_that_fits(asked, preset):
    assert with_preset(TrainConfig(**asked)).preset == preset


def test_a_flag_beats_the_preset():
    config = with_preset(TrainConfig(preset="lema", model="m", lora=True, learning_rate=0.5))
    assert (config.lora, config.qlora, config.learning_rate, config.lora_r) == (True, False, 0.5, 64)


def test_settings_are_the_config_with_nothing_open():
    """Same fields in the same order, the same ones decide the bytes, and exactly the open ones come from a preset."""
    open_fields = [name for name, value in TrainConfig() if value is None]
    optional = {"model", "preset", "output", "error_weight", "max_steps"}
    assert [name for name in open_fields if name not in optional] == list(FILLED_BY_PRESET)
    assert list(TrainSettings.model_fields) == list(TrainConfig.model_fields)
    inert = {"lora_r", "lora_alpha", "lora_dropout", "lora_targets", "merge"}  # the preset trains no adapter
    assert TrainConfig().settings().keys() - inert == with_preset(TrainConfig()).settings().keys()


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"lora_r": 8}, "--lora-r has no effect without --lora or --qlora"),
        ({"beta": 0.2}, "--beta has no effect without --objective dpo"),
        ({"objective": "dpo", "mask": "error"}, "--mask has no effect without --objective sft"),
        ({"preset": "lora", "model": "m", "merge": True}, None),
        ({"preset": "dpo", "model": "m", "beta": 0.2}, None),
    ],
)
def test_an_option_of_another_objective_is_refused(asked, says):
    if says is None:
        assert with_preset(TrainConfig.from_mapping(asked))
        return
    with pytest.raises(ConfigError, match=says):
        with_preset(TrainConfig.from_mapping(asked))


def test_null_in_a_config_leaves_the_field_to_the_preset():
    config = TrainConfig.from_mapping({"preset": "lema", "model": "m", "learning_rate": None, "lora": None})
    assert with_preset(config).learning_rate == 2e-4


@pytest.mark.parametrize(
    ("device_batch", "processes", "expected"),
    [(4, 8, (4, 8)), (4, 1, (4, 64)), (4, 2, (4, 32)), (5, 1, (4, 64)), (100, 64, (4, 1)), (3, 256, (1, 1))],
)
def test_the_effective_batch_is_kept(device_batch, processes, expected):
    config = with_preset(TrainConfig(preset="lemma", model="m", device_batch=device_batch))
    each, accumulated = split_batch(config, processes)
    assert (each, accumulated) == expected
    assert each * accumulated * processes == 256


def test_an_effective_batch_that_can_not_be_kept():
    with pytest.raises(ConfigError, match="multiple of 3"):
        split_batch(with_preset(TrainConfig(preset="lemma", model="m")), 3)


@pytest.mark.parametrize(
    ("launched", "visible", "used"), [(False, None, "0"), (False, "3,5", "3"), (True, "3,5", "3,5")]
)
def test_one_process_uses_one_gpu(launched, visible, used, monkeypatch):
    """Else the batch would be spread over all, and be as many times larger; in a launch each process has its own."""
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    for name, value in {"CUDA_VISIBLE_DEVICES": visible, "LOCAL_RANK": "1" if launched else None}.items():
        monkeypatch.setenv(name, value or "")
        if value is None:
            monkeypatch.delenv(name)
    said = io.StringIO()
    one_gpu_per_process(Console(file=said))
    assert os.environ["CUDA_VISIBLE_DEVICES"] == used
    assert ("1 of 2 GPUs" in said.getvalue()) != launched


@pytest.mark.parametrize(("rows", "max_steps", "steps"), [(1000, None, 12), (1000, 5, 5), (1000, 99, 12), (1, None, 3)])
def test_steps(rows, max_steps, steps):
    config = with_preset(TrainConfig(preset="lemma", model="m", max_steps=max_steps))
    assert total_steps(config, rows) == steps


@pytest.fixture
def run(tmp_path):
    write_records(tmp_path / "run", 12)
    return tmp_path / "run"


def spoil(run, change, name="lemma", number=3):
    path = run / "sft" / f"{name}.jsonl"
    lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    change(lines[number - 1])
    path.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))


def one_segment(**changes):
    return lambda line: line["segments"][0].update(changes)


BAD_INPUT = {
    "no records at all": (
        lambda run: [file.unlink() for file in (run / "sft").iterdir()],
        {},
        "lemma.jsonl is missing; build it with: lemma build-sft --records lemma",
    ),
    "no file of that kind": (
        None,
        {"records": "lema"},
        "lema.jsonl is missing; build it with: lemma build-sft --records lema",
    ),
    "a kind for another objective": (
        None,
        {"records": "dpo"},
        "--objective sft trains on cot, critique, lema, lemma, revision",
    ),
    "an empty file": (lambda run: (run / "sft/lemma.jsonl").write_bytes(b""), {"records": "lemma"}, "no records; see"),
    "no spans": (
        lambda run: spoil(run, lambda line: line.pop("segments")),
        {"mask": "error"},
        "lemma.jsonl, line 3: no 'segments', which --mask and --error-weight need",
    ),
    "no spans for a weight": (
        lambda run: spoil(run, lambda line: line.pop("segments")),
        {"error_weight": "0.5"},
        "line 3: no 'segments'",
    ),
    "a span past the end": (
        lambda run: spoil(run, lambda line: line["segments"][-1].update(end=9999)),
        {},
        "line 3: 'segments' are not in order within the completion's",
    ),
    "a span of an unknown kind": (lambda run: spoil(run, one_segment(kind="joke")), {}, "line 3: segment "),
    "a span without an end": (
        lambda run: spoil(run, lambda line: line["segments"][0].pop("end")),
        {},
        "line 3: a segment needs kind, start and end",
    ),
    "another shape": (
        lambda run: spoil(run, lambda line: line.update(instruction=line.pop("prompt"))),
        {},
        "line 3: no 'prompt'",
    ),
    "no answer": (
        lambda run: spoil(run, lambda line: line.update(completion=[])),
        {},
        "line 3: no usable 'completion'",
    ),
    "labels of another length": (
        lambda run: spoil(run, lambda line: line["labels"].append(True), "prm"),
        {"objective": "prm"},
        "line 3: 'completions' and 'labels' must be lists of the same",
    ),
    "answers that begin otherwise": (
        lambda run: spoil(run, lambda line: line.update(shared=9999), "dpo"),
        {"objective": "dpo"},
        "line 3: 'shared' must be the number of characters with which both answers begin",
    ),
    "no model there": (None, {"model": "./no-such-folder", "max_length": "64"}, "no model at './no-such-folder'"),
    "no such preset": (None, {"preset": "lora2"}, "no preset 'lora2'; did you mean 'lora'?"),
    "too short": (None, {"max_length": "8"}, "no records left to train on: "),
    "too long for the model": (None, {"max_length": "9999"}, "has 2048 positions; use --max-length 2048"),
    "both adapters": (None, {"lora": True, "qlora": True}, "--lora and --qlora exclude each other"),
    "an adapter on the head": (None, {"lora": True, "lora_targets": "lm_head"}, "--lora-targets lm_head"),
    "an adapter on nothing": (None, {"lora": True, "lora_targets": "nowhere"}, "these settings cannot be used: "),
    "an unknown optimizer": (None, {"optimizer": "adamm"}, "these settings cannot be used: "),
    "a report to nowhere": (None, {"report_to": "wandb"}, "--report-to wandb: not installed"),
    "nothing to go on from": (None, {"resume": True}, "holds no checkpoint to resume from"),
    "a mask and a weight": (None, {"mask": "error", "error_weight": "0.5"}, "--mask error and --error-weight"),
}


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_one_line(case, run):
    prepare, asked, message = BAD_INPUT[case]
    if prepare:
        prepare(run)
    with pytest.raises(LemmaError) as caught:
        train(TrainConfig.from_mapping({"run": run, **asked}), QUIET)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("learning_rat: 1", "has no option 'learning_rat'; did you mean 'learning_rate'?"),
        ("learning_rate: fast", "learning_rate = 'fast' can't be used"),
        ("max_steps: 3", "the preset lacks lora, qlora"),
        ("- 1", "expected fields"),
        ("run: elsewhere", "'run' belongs on the command line"),
        ("a: [", "is not YAML"),
    ],
)
def test_bad_presets(content, message, tmp_path):
    (tmp_path / "mine.yaml").write_text(content, "utf-8")
    with pytest.raises(ConfigError) as caught:
        with_preset(TrainConfig(preset=str(tmp_path / "mine.yaml")))
    assert message in str(caught.value)
    assert str(tmp_path / "mine.yaml") in str(caught.value)


@pytest.mark.parametrize(
    ("asked", "advice"), [([], "--lora or --qlora"), (["--lora"], "--qlora"), (["--qlora"], "smaller model")]
)
def test_too_little_memory_is_said_before_anything_is_loaded(asked, advice, run, capsys):
    """A folder that describes a model of 9 trillion parameters, without one weight."""
    folder = run / "huge"
    folder.mkdir()
    shape = {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "hidden_size": 65536,
        "intermediate_size": 262144,
        "num_hidden_layers": 128,
        "num_attention_heads": 512,
        "max_position_embeddings": 8192,
    }
    (folder / "config.json").write_text(json.dumps(shape), "utf-8")
    assert main(["train", "--run", str(run), "--model", str(folder), *asked]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("lemma: ")]
    assert "billion parameters need at least" in line
    assert advice in line


def test_a_problem_is_on_one_side_only(tmp_path):
    """All records of a problem, of every kind there is, are trained on, or all are held out."""
    kinds = record_kinds()
    assert main(["augment", "--run", str(tmp_path), "--workers", "1"]) == 0
    assert main(["build-sft", "--run", str(tmp_path), "--records", ",".join(kinds), "--workers", "1"]) == 0
    questions = [orjson.loads(line)["question"] for line in (tmp_path / "problems.jsonl").read_bytes().splitlines()]
    sides, kinds_of = {}, {}
    for line in read_record_lines([tmp_path / f"sft/{kind}.jsonl" for kind in kinds]):
        asked = line.messages("prompt")[0]["content"]
        (question,) = [question for question in questions if question in asked]
        sides.setdefault(question, set()).add(line.held_out(0, 0.5))
        kinds_of.setdefault(question, set()).add(line.kind)
    assert set(kinds) in kinds_of.values()
    assert all(len(side) == 1 for side in sides.values())
    assert {frozenset(side) for side in sides.values()} == {frozenset({True}), frozenset({False})}


def test_a_record_of_others_goes_by_its_prompt():
    """Without a `problem_id` the prompt decides, in whichever form it is written."""
    questions = [f"question {number}" for number in range(40)]
    plain = [Line("cot", "", {"prompt": question}).held_out(0, 0.5) for question in questions]
    chat = [[{"role": "user", "content": question}] for question in questions]
    assert [Line("cot", "", {"prompt": messages}).held_out(0, 0.5) for messages in chat] == plain
    assert 5 < sum(plain) < 35
    assert sum(Line("cot", "", {"prompt": question}).held_out(0, 0.1) for question in questions) < sum(plain)


@pytest.mark.parametrize("name", ["fsdp.yaml", "zero2.yaml"])
def test_accelerate_reads_the_shipped_configurations(name):
    from accelerate.commands.config.config_args import load_config_from_file

    import lemma.training

    path = Path(lemma.training.__file__).parent / "accelerate_configs" / name
    config = load_config_from_file(str(path))
    assert config.mixed_precision == "bf16"
    assert config.num_processes == 8


def test_sgd_under_fsdp_is_refused_before_anything_is_loaded(tmp_path, monkeypatch, capsys):
    """torch could not restore its checkpoints: an optimizer without a state has no device."""
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    asked = ["train", "--run", str(tmp_path / "none"), "--preset", "lemma", "--optimizer"]
    assert main([*asked, "sgd"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("lemma: --optimizer sgd can't resume")
    assert not (tmp_path / "none").exists()
