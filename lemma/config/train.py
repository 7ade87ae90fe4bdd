"""The options of `lemma train`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from lemma.options import (
    Names,
    Option,
    StageConfig,
)


class TrainConfig(StageConfig):
    """Train a model on the records, with or without the mistakes in the loss.

    A preset fills in each field that is None; see `lemma.training.presets.with_preset`.
    """

    command: ClassVar[str] = "train"
    example: ClassVar[str] = "lemma train --model Qwen/Qwen2.5-1.5B --lora --mask error"

    # A field that is None is filled in from the preset (`lemma.training.presets.with_preset`).
    model: Annotated[str | None, Option(metavar="MODEL")] = Field(
        None, description="folder or Hugging Face id of a causal model (default: a new tiny one)"
    )
    preset: Annotated[str | None, Option(metavar="NAME or FILE")] = Field(
        None, description="defaults for the other options: lemma, lema, lora, dpo, practice, tiny, or a file"
    )
    objective: Literal["sft", "dpo", "prm"] = Field("sft", description="training objective")
    records: Annotated[Names, Option(metavar="KIND,...")] = Field(
        (), description="record kinds to train on (default: all that fit the objective)"
    )
    output: Annotated[Path | None, Option(metavar="DIR")] = Field(
        None, description="folder for the model (default: model in the run directory)"
    )
    resume: Annotated[bool, Option(setting=False)] = Field(
        False, description="require a checkpoint to resume from; without this flag, resume only if one exists"
    )
    merge: bool = Field(False, description="also write the model with the LoRA or QLoRA adapters merged in")
    mask: Literal["none", "error", "prefix+error"] = Field("none", description="parts to leave out of the loss")
    error_weight: Annotated[float | None, Option(metavar="WEIGHT")] = Field(
        None, ge=0, le=1, description="loss weight of the wrong step, 0 to 1 (default: 1)"
    )
    lora: bool | None = Field(None, description="train LoRA adapters")
    qlora: bool | None = Field(None, description="train LoRA adapters on a base model quantized to 4 bits")
    lora_r: Annotated[int | None, Option(metavar="N")] = Field(None, ge=1, description="LoRA rank")
    lora_alpha: Annotated[int | None, Option(metavar="N")] = Field(None, ge=1, description="LoRA scale (alpha)")
    lora_dropout: Annotated[float | None, Option(metavar="P")] = Field(None, ge=0, lt=1, description="LoRA dropout")
    lora_targets: Annotated[Names, Option(metavar="NAME,...")] = Field(
        ("all-linear",), description="modules to add LoRA adapters to"
    )
    learning_rate: Annotated[float | None, Option(metavar="RATE")] = Field(None, gt=0, description="peak learning rate")
    schedule: Literal["cosine", "linear", "constant", "constant_with_warmup"] | None = Field(
        None, description="learning rate schedule"
    )
    warmup: Annotated[float | None, Option(metavar="FRACTION")] = Field(
        None, ge=0, lt=1, description="fraction of the steps used for warm-up"
    )
    epochs: Annotated[float | None, Option(metavar="N")] = Field(
        None, gt=0, description="number of passes over the records"
    )
    max_steps: Annotated[int | None, Option(metavar="N")] = Field(
        None, ge=1, description="maximum number of optimizer steps (default: set by --epochs)"
    )
    max_length: Annotated[int | None, Option(metavar="TOKENS")] = Field(
        None, ge=8, description="maximum tokens per record; sft truncates longer ones, dpo and prm drop them"
    )
    effective_batch: Annotated[int | None, Option(metavar="N")] = Field(
        None, ge=1, description="records per optimizer step, across all devices"
    )
    device_batch: Annotated[int | None, Option(setting=False, metavar="N")] = Field(
        None, ge=1, description="records per device and forward pass"
    )
    optimizer: Annotated[str | None, Option(metavar="NAME")] = Field(
        None, description="optimizer name, as in transformers, or muon (for small models)"
    )
    weight_decay: Annotated[float | None, Option(metavar="DECAY")] = Field(None, ge=0, description="weight decay")
    max_grad_norm: Annotated[float | None, Option(metavar="NORM")] = Field(
        None, gt=0, description="gradient norm to clip to"
    )
    precision: Literal["auto", "bf16", "fp32"] | None = Field(
        None, description="floating-point type; auto is bf16 if the hardware supports it"
    )
    packing: bool | None = Field(
        None, description="pack several records into one sequence, without attention across records"
    )
    group_by_length: bool = Field(False, description="batch records of similar length together (sft only)")
    activation_checkpointing: Annotated[bool | None, Option(setting=False)] = Field(
        None, description="recompute activations to save memory, at the cost of time"
    )
    beta: Annotated[float, Option(metavar="BETA")] = Field(
        0.1, gt=0, description="DPO beta: a larger value stays closer to the initial model"
    )
    eval_share: Annotated[float | None, Option(metavar="FRACTION")] = Field(
        None, ge=0, lt=1, description="fraction of the problems held out to measure the loss"
    )
    evaluations: Annotated[int, Option(metavar="N")] = Field(
        5, ge=1, description="number of times to measure the held-out loss"
    )
    save_every: Annotated[int, Option(setting=False, metavar="STEPS")] = Field(
        100, ge=1, description="optimizer steps between checkpoints"
    )
    report_to: Annotated[Names, Option(setting=False, metavar="NAME,...")] = Field(
        (), description="experiment trackers, such as tensorboard or wandb (default: none)"
    )

    def inert(self) -> Mapping[str, str]:
        """Options of another objective, or of adapters that are not trained."""
        found = {}
        chosen = self.preset is None or "objective" in self.model_fields_set  # else the preset says it
        if chosen and self.objective != "dpo":
            found["beta"] = "without --objective dpo"
        if chosen and self.objective != "sft":
            found |= dict.fromkeys(("mask", "error_weight", "group_by_length"), "without --objective sft")
        if self.lora is False and self.qlora is False:
            names = ("lora_r", "lora_alpha", "lora_dropout", "lora_targets", "merge")
            found |= dict.fromkeys(names, "without --lora or --qlora")
        return found
