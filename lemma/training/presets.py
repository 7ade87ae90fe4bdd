"""Presets: YAML files with the fields of TrainConfig, to be read, copied and changed. A flag beats the preset.

>>> with_preset(TrainConfig(preset="lema", learning_rate=1e-4)).lora_r
64
"""

from __future__ import annotations

import difflib
from pathlib import Path
from types import NoneType
from typing import Any, get_args

from pydantic import RootModel

from lemma.config import FROM_PRESET, TrainConfig
from lemma.exceptions import ConfigError
from lemma.yaml_files import read_yaml

_FOLDER = Path(__file__).resolve().parent / "presets"
_NOT_IN_PRESETS = {"run", "fresh", "workers", "preset", "resume", "output"}
FILLED_BY_PRESET = tuple(
    name
    for name, field in TrainConfig.model_fields.items()
    if field.default is FROM_PRESET and NoneType not in get_args(field.annotation)
)


def preset_names() -> list[str]:
    """The shipped presets."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def with_preset(config: TrainConfig) -> TrainConfig:
    """The config with all that was not asked for filled in from its preset.

    Raises ConfigError for a preset that is not there, can't be read, has an unknown key or leaves a field out.
    """
    path = _path(config.preset or _fitting_preset(config))
    given = {name: getattr(config, name) for name in config.model_fields_set}
    values = {**_read(path), **_adapter_choice(given)}
    merged = TrainConfig.from_mapping({**values, **given, "preset": config.preset or path.stem}, str(path))
    if merged.mask != "none" and merged.error_weight is not None:
        raise ConfigError(f"--mask {merged.mask} and --error-weight say two things of the wrong step; give one of them")
    missing = [name for name in FILLED_BY_PRESET if getattr(merged, name) is None]
    if missing:
        raise ConfigError(f"{path}: the preset does not say {', '.join(missing)}; copy one of {_FOLDER} and change it")
    return merged


def _fitting_preset(config: TrainConfig) -> str:
    if config.model is None:
        return "tiny"
    if config.objective == "dpo":
        return "dpo"
    return "lema" if config.qlora else "lora" if config.lora else "lemma"


def _adapter_choice(given: dict[str, Any]) -> dict[str, Any]:
    """`--lora` on a QLoRA preset means LoRA, and the other way round."""
    if given.get("lora") and given.get("qlora"):
        raise ConfigError("--lora and --qlora exclude each other; --qlora is LoRA on a base model in 4 bits")
    return {"qlora": False} if given.get("lora") else {"lora": False} if given.get("qlora") else {}


def _path(preset: str) -> Path:
    if preset in preset_names():
        return _FOLDER / f"{preset}.yaml"
    if Path(preset).is_file():
        return Path(preset)
    near = difflib.get_close_matches(preset, preset_names(), n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(preset_names())}, or give a YAML file"
    raise ConfigError(f"there is no preset {preset!r}; {hint}")


def _read(path: Path) -> dict[str, Any]:
    values = read_yaml(path, RootModel[dict[str, Any]]).root
    for key in values:
        if key in _NOT_IN_PRESETS:
            raise ConfigError(f"{path}: {key!r} belongs on the command line, not in a preset")
    return values
