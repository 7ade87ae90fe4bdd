"""What a command was asked, so that it can be compared with an earlier run: paths by what they mean.

`pp.jsonl`, `./pp.jsonl` and its absolute path are the same data, also after the run directory was moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lemma.options import StageConfig, option_of
from lemma.records import content_id
from lemma.rundir.lines import fingerprint


def comparable(settings: Mapping[str, Any], config: type[StageConfig]) -> dict[str, Any]:
    """The settings that decide whether a run can be resumed. Ones that `config` does not know are left out."""
    found = {}
    for name, value in settings.items():
        field = config.model_fields.get(name)
        compared = option_of(field).compared if field is not None else "input"
        if compared == "value":
            found[name] = value
        elif compared == "name":
            found[name] = Path(value).name if isinstance(value, str) else value
    return found


def contents(config: StageConfig) -> dict[str, str]:
    """The fingerprints of the files and folders that are compared by their content, by the option that names them."""
    found = {}
    for name, value in config.settings().items():
        if option_of(type(config).model_fields[name]).compared == "content" and value:
            paths = [value] if isinstance(value, str) else value
            found[name] = ", ".join(sorted(map(_content, paths)))
    return found


def _content(name: str) -> str:
    path = Path(name)
    if not path.exists():
        return name  # a data set on the hub
    if path.is_file():
        return fingerprint(path)
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return content_id(*(f"{file.relative_to(path)} {fingerprint(file)}" for file in files))
