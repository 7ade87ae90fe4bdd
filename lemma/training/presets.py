"""Presets: YAML files with the fields of TrainConfig, to be read, copied and changed. A flag overrides the preset.

>>> with_preset(TrainConfig(preset="lema", learning_rate=1e-4)).lora_r
64
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import RootModel

from lemma.config import TrainConfig
from lemma.exceptions import ConfigError
from lemma.options import Option
from lemma.resources import read_yaml

FOLDER = Path(__file__).resolve().parent / "presets"
_NOT_IN_PRESETS = {"run", "fresh", "workers", "preset", "resume", "output"}


class TrainSettings(TrainConfig):
    """What a training uses: the config with every open field filled in from the preset.

    The fields declared here are those that a preset has to give. Their limits are checked by TrainConfig.
    """

    lora: bool
    qlora: bool
    lora_r: int
    lora_alpha: int
    lora_dropout: float
    learning_rate: float
    schedule: Literal["cosine", "linear", "constant", "constant_with_warmup"]
    warmup: float
    epochs: float
    max_length: int
    effective_batch: int
    device_batch: Annotated[int, Option(setting=False)]
    optimizer: str
    weight_decay: float
    max_grad_norm: float
    precision: Literal["auto", "bf16", "fp32"]
    packing: bool
    activation_checkpointing: Annotated[bool, Option(setting=False)]
    eval_share: float

    @property
    def adapter(self) -> bool:
        """Whether low-rank adapters are trained instead of all weights."""
        return self.lora or self.qlora


FILLED_BY_PRESET = tuple(TrainSettings.__annotations__)


def preset_names() -> list[str]:
    """The shipped presets."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def with_preset(config: TrainConfig) -> TrainSettings:
    """The settings of a training: what was asked for, and the preset's values for the rest.

    Raises ConfigError if the preset is missing or unreadable, has an unknown key or leaves a field out.
    """
    path = _path(config.preset or _fitting_preset(config))
    given = {name: value for name in config.model_fields_set if (value := getattr(config, name)) is not None}
    if given.get("lora") and given.get("qlora"):
        raise ConfigError("--lora and --qlora exclude each other; --qlora is LoRA on a base model in 4 bits")
    values = _read(path)
    # `--lora` with a QLoRA preset means LoRA instead, and vice versa.
    if given.get("lora"):
        values["qlora"] = False
    elif given.get("qlora"):
        values["lora"] = False
    merged = TrainConfig.from_mapping({**values, **given, "preset": config.preset or path.stem}, str(path))
    if merged.mask != "none" and merged.error_weight is not None:
        raise ConfigError(f"--mask {merged.mask} and --error-weight conflict; pass only one")
    missing = [name for name in FILLED_BY_PRESET if getattr(merged, name) is None]
    if missing:
        raise ConfigError(f"{path}: the preset lacks {', '.join(missing)}; copy one of {FOLDER} and change it")
    return TrainSettings.model_validate(merged.model_dump())


def _fitting_preset(config: TrainConfig) -> str:
    if config.model is None:
        return "tiny"
    if config.objective == "dpo":
        return "dpo"
    return "lema" if config.qlora else "lora" if config.lora else "lemma"


def _path(preset: str) -> Path:
    if preset in preset_names():
        return FOLDER / f"{preset}.yaml"
    if Path(preset).is_file():
        return Path(preset)
    near = difflib.get_close_matches(preset, preset_names(), n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(preset_names())}, or give a YAML file"
    raise ConfigError(f"no preset {preset!r}; {hint}")


def _read(path: Path) -> dict[str, Any]:
    values = read_yaml(path, RootModel[dict[str, Any]]).root
    for key in values:
        if key in _NOT_IN_PRESETS:
            raise ConfigError(f"{path}: {key!r} belongs on the command line, not in a preset")
    return values
