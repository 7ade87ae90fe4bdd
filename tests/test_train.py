"""Real training on the CPU, with the embedded model: it learns, the masks hold, and a kill loses nothing."""

from __future__ import annotations

import io
import json
import os
import signal
from pathlib import Path

import pytest
from training_data import small, write_records

pytest.importorskip("trl")

import torch
from datasets import Dataset
from rich.console import Console
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoModelForTokenClassification, AutoTokenizer, LlamaConfig
from trl import SFTConfig, SFTTrainer

import lemma.training
from lemma.cli import main
from lemma.commands.train import train, wants_practice
from lemma.config import TrainConfig
from lemma.models.chat_template import load_tokenizer
from lemma.problems.loading import SAMPLE
from lemma.rundir.manifest import read_manifest
from lemma.training import practice, tiny_model
from lemma.training.job import PreparedData, prepare
from lemma.training.models import model_folder
from lemma.training.objectives import sft
from lemma.training.presets import with_preset
from lemma.training.records import read_record_lines, record_files
from lemma.training.token_labels import IGNORED, PARTS

# With more threads than free cores, OpenMP spends the time in waiting: twenty times slower beside other work.
torch.set_num_threads(1)
os.environ["OMP_NUM_THREADS"] = "1"

FSDP = Path(lemma.training.__file__).parent / "accelerate_configs" / "fsdp.yaml"
FEW = {"max_steps": 4, "effective_batch": 8, "device_batch": 8, "eval_share": 0.1, "evaluations": 1}


@pytest.fixture(scope="module", autouse=True)
def small_models():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiny_model, "LlamaConfig", small)
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    write_records(folder, 80)
    return folder


def copy_of(run, tmp_path):
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "sft").symlink_to(run / "sft")
    return tmp_path


def run_training(run, **asked):
    text = io.StringIO()
    summary = train(TrainConfig(run=run, **asked), Console(file=text, width=200))
    return (
        summary,
        {name: (float(first), float(last)) for name, first, last in summary.tallies[0].rows},
        text.getvalue(),
    )


def assert_falls(losses, *names):
    for name in names or ("loss", "eval_loss"):
        first, last = losses[name]
        assert last < first, name


@pytest.fixture(scope="module")
def trained(run):
    """`lemma train` with nothing else but fewer steps; also what it printed."""
    return run_training(run, **FEW | {"max_steps": 8})


def test_the_default_learns_and_tells(run, trained):
    summary, losses, said = trained
    assert_falls(losses, "loss", "eval_loss", "eval_loss_error", "eval_loss_reflection", "eval_loss_correction")
    assert summary.made["optimizer steps"] == 8
    assert summary.made["training records"] + summary.made["held-out records"] == 160
    assert "step 8 of 8" in said
    assert " left" in said
    assert read_manifest(run)["train"]["status"] == "complete"


def test_the_output_loads_as_it_is(run, trained):
    tokenizer = AutoTokenizer.from_pretrained(run / "model")
    model = AutoModelForCausalLM.from_pretrained(run / "model")
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": "1 + 1?"}], return_tensors="pt", return_dict=True
    )
    assert model.generate(**prompt, max_new_tokens=3).shape[1] > prompt["input_ids"].shape[1]


def test_the_model_card(run, trained):
    card = (run / "model/README.md").read_text("utf-8")
    for told in ("lemma.jsonl", "cot.jsonl", "preset `tiny`", "learning_rate", "transformers ", "eval_loss_error"):
        assert told in card
    assert (run / "model/loss_curve.png").read_bytes().startswith(b"\x89PNG")


def test_the_embedded_model_has_a_million_parameters(tmp_path, monkeypatch):
    monkeypatch.setattr(tiny_model, "LlamaConfig", LlamaConfig)
    text = (SAMPLE.read_text("utf-8") * 2)[:200_000]
    tiny_model.make_tiny_model(
        tmp_path, [[{"role": "user", "content": "?"}, {"role": "assistant", "content": text}]], 0
    )
    model = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert sum(parameter.numel() for parameter in model.parameters()) == pytest.approx(1e6, rel=0.05)


def test_trained_already_is_not_trained_again(run, trained):
    before = (run / "model/model.safetensors").stat().st_mtime_ns
    summary = train(TrainConfig(run=run, **FEW | {"max_steps": 8}), Console(quiet=True))
    assert "--fresh" in summary.notes[0]
    assert (run / "model/model.safetensors").stat().st_mtime_ns == before


def test_the_bare_chain_trains_and_asks_about_generated_problems(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(practice, "PROBLEMS", 48)
    monkeypatch.setattr(practice, "HELD_OUT", 6)
    monkeypatch.chdir(tmp_path)
    for command in ("augment", "build-sft", "train", "eval"):
        assert main([command]) == 0
    told = " ".join(capsys.readouterr().err.split())
    assert "trains on 48 generated problems instead; 6 more are held out" in told
    assert "asking about 6 generated problems, held out" in told
    made = tmp_path / "lemma-run" / "practice"
    training, test = ((made / name).read_bytes().splitlines() for name in ("train.jsonl", "test.jsonl"))
    assert (len(training), len(test)) == (48, 6)
    assert not set(training) & set(test)
    asked = [json.loads(line) for line in (tmp_path / "lemma-run/eval/model/outputs.jsonl").read_bytes().splitlines()]
    assert {row["question"] for row in asked} == {json.loads(line)["question"] for line in test}
    # No answer is much longer than those that were trained on, though this model has hardly learned to stop.
    longest = json.loads((tmp_path / "lemma-run/model/generation_config.json").read_bytes())["max_new_tokens"]
    assert max(row["tokens"] for row in asked) <= longest < 64
    # Any option makes it an ordinary training, on the records of the run.
    ordinary = TrainConfig(run=Path("lemma-run"), max_steps=1)
    assert wants_practice(TrainConfig(run=Path("lemma-run")))
    assert not wants_practice(ordinary)
    # The preset alone asks for it if there are no records.
    assert wants_practice(TrainConfig(run=Path("new"), preset="practice"))
    assert not wants_practice(TrainConfig(run=Path("lemma-run"), preset="practice"))
    assert not wants_practice(TrainConfig(run=Path("new"), preset="practice", epochs=1))


WAYS = {
    "lora": {"lora": True, "merge": True},
    "qlora": {"qlora": True, "merge": True},
    "dpo": {"objective": "dpo", "preset": "tiny"},
    "dpo with qlora": {"objective": "dpo", "qlora": True},
    "prm": {"objective": "prm", "learning_rate": 5e-4},
    "prm with lora": {"objective": "prm", "lora": True, "merge": True},
    "packing": {"packing": True, "max_length": 600, "effective_batch": 8, "activation_checkpointing": True},
    "bf16": {"precision": "bf16", "error_weight": 0.3, "report_to": ("tensorboard",)},
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_train_learns(way, tmp_path):
    """The loss of sixteen records, seen four times, falls."""
    asked = WAYS[way]
    write_records(tmp_path, 16)
    repeated = {"epochs": 4, "effective_batch": 16, "eval_share": 0, "learning_rate": 2e-3}
    kind = asked.get("objective", "lemma").replace("sft", "lemma")
    _, losses, _ = run_training(tmp_path, records=(kind,), **repeated | asked)
    assert_falls(losses, "loss")
    adapted = "lora" in way
    assert (tmp_path / "model/adapter_config.json").exists() == adapted
    assert list(tmp_path.rglob("events.out.tfevents*")) or "report_to" not in asked
    if asked.get("merge"):
        loader = AutoModelForTokenClassification if kind == "prm" else AutoModelForCausalLM
        before = loader.from_pretrained(tmp_path / "tiny-model").state_dict()
        merged = loader.from_pretrained(tmp_path / "model-merged").state_dict()
        assert all((merged[name] != before[name]).any() for name in merged if "proj" in name)


def test_four_bits_stay_trainable_after_an_evaluation(run, tmp_path):
    """bitsandbytes repacks the weights of a CPU at the first evaluation, after which no gradient would pass them."""
    folder = copy_of(run, tmp_path)
    run_training(folder, qlora=True, **FEW | {"max_steps": 3})
    moved = load_file(folder / "model/adapter_model.safetensors")
    still = [name for name, weight in moved.items() if "lora_B" in name and not weight.any()]
    assert still == []


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Every kind of record, as `lemma build-sft` makes it."""
    folder = tmp_path_factory.mktemp("built")
    records = "lemma,lema,cot,critique,dpo,prm"
    assert main(["augment", "--run", str(folder), "--limit", "20"]) == 0
    assert main(["build-sft", "--run", str(folder), "--records", records, "--workers", "1"]) == 0
    return folder


@pytest.mark.parametrize("asked", [{"mask": "error"}, {"objective": "dpo", "preset": "tiny"}, {"objective": "prm"}])
def test_records_of_the_pipeline_are_trained_on(asked, built, tmp_path):
    folder = copy_of(built, tmp_path)
    summary, _, _ = run_training(folder, **FEW | {"max_steps": 2, "eval_share": 0.0} | asked)
    assert summary.made["optimizer steps"] == 2
    assert summary.rejected == {}
    files = record_files(built, asked.get("objective", "sft"), ())
    assert summary.made["training records"] == sum(len(file.read_bytes().splitlines()) for file in files)


@pytest.mark.parametrize("mask", ["none", "error", "prefix+error"])
def test_trained_tokens_of_real_records_are_those_of_an_independent_count(mask, built):
    """Byte-level tokens never cross a line here, so a part has the tokens of its own text, and the end is one more."""
    _, _, tokenizer, data = prepared(built, mask=mask)
    expected = 0
    for line in read_record_lines(record_files(built, "sft", ("lemma",))):
        text = line.text("completion")
        for part in line.values["segments"]:
            if part["kind"] not in mask.split("+"):
                expected += len(tokenizer.tokenize(text[part["start"] : part["end"]]))
        expected += 1
    assert data.counts["trained tokens"] == expected


def prepared(run, **asked):
    config = with_preset(TrainConfig(run=run, **{"eval_share": 0.0} | asked))
    files = record_files(run, "sft", ("lemma",))
    model = model_folder(config, (line.conversation("sft") for line in read_record_lines(files)))
    tokenizer = load_tokenizer(model)
    data = prepare(read_record_lines(files), lambda lines: sft.prepare_rows(lines, tokenizer, config), config)
    return config, model, tokenizer, data


def segment_trainer(folder, run, **asked):
    config, model, tokenizer, data = prepared(run, **asked)
    return sft.make_trainer(model, tokenizer, data, config, folder)


def first_loss(trainer, evaluate=False):
    """The loss of the first batch of the training data, before anything was learned."""
    samples, count = trainer.get_batch_samples(iter(trainer.get_train_dataloader()), 1, trainer.args.device)
    inputs = trainer._prepare_inputs(samples[0])
    trainer.model.train(not evaluate)
    with torch.no_grad():
        return trainer.compute_loss(trainer.model, inputs, num_items_in_batch=None if evaluate else count).item()


def test_without_a_mask_the_loss_is_that_of_trl(run, tmp_path):
    config, model, tokenizer, data = prepared(run)
    ours = sft.make_trainer(model, tokenizer, data, config, tmp_path)
    lines = [line.values for line in read_record_lines(record_files(run, "sft", ("lemma",)))]
    plain = SFTTrainer(
        model,
        SFTConfig(
            str(tmp_path),
            per_device_train_batch_size=16,
            max_length=None,
            report_to="none",
            use_cpu=True,
            bf16=False,
            activation_checkpointing=False,
            data_seed=0,
            seed=0,
            dataloader_pin_memory=False,
        ),
        train_dataset=Dataset.from_list(
            [{"prompt": line["prompt"], "completion": line["completion"]} for line in lines]
        ),
        processing_class=tokenizer,
    )
    assert plain.train_dataset["labels"] == ours.train_dataset["labels"]
    assert first_loss(ours) == pytest.approx(first_loss(plain), rel=1e-6)


def test_a_weight_of_zero_is_a_mask_and_of_one_is_none(run, tmp_path):
    losses = {
        name: first_loss(segment_trainer(tmp_path, run, **asked))
        for name, asked in {
            "masked": {"mask": "error"},
            "zero": {"error_weight": 0.0},
            "none": {},
            "one": {"error_weight": 1.0},
            "half": {"error_weight": 0.5},
        }.items()
    }
    assert losses["zero"] == losses["masked"]
    assert losses["one"] == losses["none"]
    assert min(losses["masked"], losses["none"]) < losses["half"] < max(losses["masked"], losses["none"])


@pytest.mark.parametrize(
    ("asked", "weights"),
    [
        ({"error_weight": 0.3}, {"error": 0.3}),
        ({"mask": "error"}, {"error": 0.0}),
        ({"mask": "prefix+error"}, {"error": 0.0, "prefix": 0.0}),
    ],
)
def test_the_loss_is_the_weighted_mean(asked, weights, run, tmp_path):
    """Against the definition, from plain logits and the parts of the tokens, in training and in evaluation."""
    trainer = segment_trainer(tmp_path, run, effective_batch=4, **asked)
    batch = next(iter(trainer.get_train_dataloader()))
    with torch.no_grad():
        logits = trainer.model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    losses = torch.nn.functional.cross_entropy(
        logits[:, :-1].transpose(1, 2), batch["input_ids"][:, 1:], reduction="none"
    )
    of_part = torch.tensor([weights.get(part, float(part != "prompt")) for part in PARTS])
    weight = (of_part[batch["parts"]] * batch["attention_mask"])[:, 1:]
    expected = ((losses * weight).sum() / weight.sum()).item()
    assert first_loss(trainer) == pytest.approx(expected, rel=1e-5)
    assert first_loss(trainer, evaluate=True) == pytest.approx(expected, rel=1e-5)


def test_packed_records_do_not_see_each_other(run, tmp_path):
    """The loss of each record is the same alone and packed behind others."""
    alone = segment_trainer(tmp_path, run, device_batch=1, effective_batch=1)
    packed = segment_trainer(tmp_path, run, device_batch=1, effective_batch=1, packing=True, max_length=1500)
    assert len(packed.train_dataset) < len(alone.train_dataset) / 2
    inputs = packed.data_collator([packed.train_dataset[0]])
    rows = {tuple(row["input_ids"]): row for row in alone.train_dataset}
    ids, lengths = packed.train_dataset[0]["input_ids"], packed.train_dataset[0]["seq_lengths"]
    assert len(lengths) > 2
    together = log_probs(packed, inputs)
    start = 0
    for length in lengths:
        row = rows[tuple(ids[start : start + length])]
        single = log_probs(alone, alone.data_collator([row]))
        assert torch.allclose(together[start : start + length - 1], single, atol=1e-4)
        start += length


def test_grouped_by_length_a_pass_pads_less_and_still_sees_every_record(run, tmp_path):
    padding = {}
    for grouped in (False, True):
        trainer = segment_trainer(tmp_path, run, device_batch=4, effective_batch=4, group_by_length=grouped)
        masks = [batch["attention_mask"] for batch in trainer.get_train_dataloader()]
        assert sum(len(mask) for mask in masks) == len(trainer.train_dataset)
        padding[grouped] = sum(int((mask == 0).sum()) for mask in masks)
    assert padding[True] < padding[False] / 2


def log_probs(trainer, inputs):
    inputs.pop("parts")
    with torch.no_grad():
        return trainer.model.eval()(**inputs, fused_lm_head=True, use_cache=False).log_probs[0]


LONGER = {
    "records": "lemma",
    "max_steps": 6,
    "save_every": 2,
    "effective_batch": 8,
    "device_batch": 4,
    "eval_share": 0.1,
    "group_by_length": True,
    "lora": True,
    "lora_dropout": 0.1,
}


@pytest.mark.slow
def test_kill_and_resume_is_exact(run, forks, tmp_path):
    """Killed at a checkpoint, and with the newest checkpoint torn, the model comes out the same to the last bit."""
    whole, killed = copy_of(run, tmp_path / "whole"), copy_of(run, tmp_path / "killed")
    checkpoint = killed / "model/checkpoint-2/written-to-its-end"
    assert (
        forks.run(f"lemma train --run {killed} {flags(LONGER)}", tmp_path, kill_at=checkpoint).code == -signal.SIGKILL
    )
    torn = killed / "model/checkpoint-5"
    torn.mkdir()
    (torn / "trainer_state.json").write_text("{", "utf-8")
    asked = LONGER | {"records": ("lemma",)}
    summary, _, said = run_training(killed, resume=True, **asked)
    assert summary.made["optimizer steps"] == 6
    assert "step 1 of 6" not in said
    run_training(whole, **asked)
    adapters = [load_file(folder / "model/adapter_model.safetensors") for folder in (killed, whole)]
    assert adapters[0].keys() == adapters[1].keys()
    assert all(torch.equal(adapters[0][name], adapters[1][name]) for name in adapters[0])


def flags(asked):
    return " ".join(
        f"--{name.replace('_', '-')}" + ("" if value is True else f"={value}") for name, value in asked.items()
    )


# Without Adam, which makes the sign of a rounding error as large as a gradient.
TWO_STEPS = {
    "records": "lemma",
    "max_steps": 2,
    "save_every": 1,
    "effective_batch": 8,
    "device_batch": 4,
    "eval_share": 0.1,
    "evaluations": 1,
    "error_weight": 0.3,
    "optimizer": "sgd",
}
TWO_PROCESSES = {
    "ddp": ("--multi_gpu", {}),
    "fsdp": (f"--config_file {FSDP}", {"activation_checkpointing": True, "optimizer": "adamw_torch"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("way", TWO_PROCESSES)
def test_two_processes_train_the_same_model_as_one(way, run, forks, tmp_path):
    """`accelerate launch`, with FSDP killed after the first step and resumed: the effective batch, the counts and the
    model are those of one process, and only the first process writes and speaks.
    """
    launched, more = TWO_PROCESSES[way]
    two, one = copy_of(run, tmp_path / "two"), copy_of(run, tmp_path / "one")
    command = (
        f"accelerate launch --num_processes 2 --main_process_port 0 --mixed_precision no {launched} -m lemma"
        f" train --run {two} {flags(TWO_STEPS | more)}"
    )
    if way == "fsdp":
        checkpoint = two / "model/checkpoint-1/written-to-its-end"
        ended = forks.run(command, tmp_path, kill_at=checkpoint)
        assert ended.code == -signal.SIGKILL, ended
        command += " --resume"
    ended = forks.run(command, tmp_path)
    assert ended.code == 0, ended.complaints
    assert ended.said.count("optimizer steps") == 1, ended
    assert "step 1 of 2" not in ended.said or way == "ddp"
    assert len(list((two / "model/checkpoint-2").glob("rng_state_*.pth"))) == 2
    assert list((two / "model/checkpoint-2").glob("*fsdp*")) or way == "ddp"
    summary, _, _ = run_training(one, **TWO_STEPS | more | {"records": ("lemma",)})
    assert read_manifest(two)["train"]["counts"]["made"] == dict(summary.made)
    trained, expected = (AutoModelForCausalLM.from_pretrained(run / "model").state_dict() for run in (two, one))
    assert trained.keys() == expected.keys()
    assert all(torch.allclose(trained[name], expected[name], atol=1e-5) for name in trained)


def test_prepared_data_is_what_was_counted(run):
    _, _, _, data = prepared(run, mask="error")
    assert isinstance(data, PreparedData)
    assert data.counts["trained tokens"] == sum(
        label != IGNORED for labels in data.train["labels"] for label in labels[1:]
    )
    assert data.counts["tokens in them"] == sum(map(len, data.train["input_ids"]))
