"""The model to train: find it, check that it fits into memory, and set up adapters and 4-bit weights."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil
import torch
from accelerate import PartialState
from peft import LoraConfig, PeftModel, TaskType
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForTokenClassification,
    BitsAndBytesConfig,
)

from lemma.exceptions import ConfigError, LemmaError
from lemma.models.chat_template import Message, no_model
from lemma.training.practice import PRESET as PRACTICE
from lemma.training.presets import TrainSettings
from lemma.training.tiny_model import make_tiny_model

# Bytes per parameter: float32 weights, gradients and two Adam moments; 16-bit weights alone; 4-bit weights with their
# scales. Activations come on top, so this is a lower bound.
_BYTES_FULL, _BYTES_LORA, _BYTES_QLORA = 16.0, 2.0, 0.6
_TASKS = {"sft": TaskType.CAUSAL_LM, "dpo": TaskType.CAUSAL_LM, "prm": TaskType.TOKEN_CLS}
_CLASSIFIER_HEADS = ["score", "classifier"]  # as transformers calls them; trained in full, never in 4 bits


def model_folder(config: TrainSettings, conversations: Iterable[list[Message]]) -> str:
    """The model to start from: the one asked for, or the embedded default, made from the conversations."""
    if config.model is not None:
        return config.model
    folder = config.run / "tiny-model"
    if this_process().is_main_process:
        make_tiny_model(folder, conversations, config.seed, words=config.preset == PRACTICE)
    this_process().wait_for_everyone()
    return str(folder)


def check_model(config: TrainSettings, model: str) -> int:
    """The number of parameters. Raises LemmaError if the model is missing, or cannot fit into this machine's memory."""
    try:
        shape = AutoConfig.from_pretrained(model)
        with torch.device("meta"):
            empty = AutoModelForCausalLM.from_config(shape)
    except (OSError, ValueError, KeyError) as error:
        raise no_model(model, error) from None
    context = getattr(shape.get_text_config(), "max_position_embeddings", None)
    if context is not None and config.max_length > context:
        raise ConfigError(f"{model} has {context} positions; use --max-length {context} or less")
    parameters = int(sum(parameter.numel() for parameter in empty.parameters()))
    each = _BYTES_QLORA if config.qlora else _BYTES_LORA if config.lora else _BYTES_FULL
    needed, free = parameters * each, _free_memory()
    if needed > free:
        less = "--qlora" if config.lora else "--lora or --qlora"
        advice = "a smaller model, or more devices" if config.qlora else f"{less}, or a smaller model"
        raise LemmaError(
            f"{model}: {parameters / 1e9:.1f} billion parameters need at least {needed / 2**30:.0f} GiB to train this "
            f"way, and {free / 2**30:.0f} GiB are free; use {advice}"
        )
    return parameters


def _free_memory() -> float:
    """Free bytes on all devices that this training runs on."""
    if on_cpu():
        return float(psutil.virtual_memory().available)
    free, _ = torch.cuda.mem_get_info() if torch.cuda.is_available() else (psutil.virtual_memory().available, 0)
    return float(free * this_process().num_processes)


def on_cpu() -> bool:
    """Whether there is no accelerator."""
    return not torch.accelerator.is_available()


def this_process() -> PartialState:
    """This process among those of the launch. Without `cpu`, accelerate would treat each process as the only one."""
    return PartialState(cpu=on_cpu())


def use_bf16(config: TrainSettings) -> bool:
    """Whether to compute in bfloat16: as asked, or if the GPU supports it. On a CPU it is rarely faster."""
    if config.precision == "auto":
        return torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    return config.precision == "bf16"


def adapter_config(config: TrainSettings) -> LoraConfig | None:
    """What PEFT adds to the model; None for full fine-tuning. Raises ConfigError if a target cannot be adapted."""
    if not config.adapter:
        return None
    if "lm_head" in config.lora_targets:
        raise ConfigError(
            "--lora-targets lm_head: TRL computes the loss from the head's weights, so the head cannot have an adapter"
        )
    targets = config.lora_targets
    return LoraConfig(
        r=config.lora_r,
        lora_alpha=config.lora_alpha,
        lora_dropout=config.lora_dropout,
        target_modules="all-linear" if targets == ("all-linear",) else list(targets),
        exclude_modules=_CLASSIFIER_HEADS if config.objective == "prm" else None,
        task_type=_TASKS[config.objective],
    )


def loading_options(config: TrainSettings) -> dict[str, Any]:
    """How the weights are loaded: float32 if all are trained, 16 bits (or 4) if they stay frozen."""
    if config.qlora:
        compute = torch.bfloat16 if use_bf16(config) else torch.float32
        four_bits = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=compute,
            llm_int8_skip_modules=_CLASSIFIER_HEADS if config.objective == "prm" else None,
        )
        return {"dtype": compute, "quantization_config": four_bits}
    return {"dtype": torch.bfloat16 if config.lora and use_bf16(config) else torch.float32}


def keep_four_bits_trainable(model: Any) -> None:
    """Keep bitsandbytes from repacking 4-bit weights for inference.

    On a CPU with AVX512-BF16 it does so at the first evaluation, and from then on no gradient passes through the layer.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False


def merged_folder(folder: Path) -> Path:
    """The folder of the merged model: next to the adapter."""
    return folder.with_name(folder.name + "-merged")


def merge_adapter(config: TrainSettings, model: str, adapter: Path, tokenizer: Any) -> None:
    """Write the base model with the adapter merged in. The base is loaded in its own precision, not in 4 bits."""
    if config.objective == "prm":
        base = AutoModelForTokenClassification.from_pretrained(model, num_labels=2)
    else:
        base = AutoModelForCausalLM.from_pretrained(model)
    merged = PeftModel.from_pretrained(base, str(adapter)).merge_and_unload()
    merged.save_pretrained(merged_folder(adapter))
    tokenizer.save_pretrained(merged_folder(adapter))
