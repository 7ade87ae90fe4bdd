"""Data sets on the Hugging Face Hub, and folders that describe themselves as one.

A configuration is named behind a colon, `openai/gsm8k:main`, or with `--config`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lemma.exceptions import DataError, MissingExtraError
from lemma.problems.splits import choose_split

_MOST_LISTED = 12
_LARGEST_README = 2**20


def is_described(folder: Path) -> bool:
    """Whether a folder has a README that says which of its files are which configuration and split."""
    readme = folder / "README.md"
    try:
        with readme.open("rb") as file:
            return b"\ndata_files:" in (begin := file.read(_LARGEST_README)) or b"\nconfigs:" in begin
    except OSError:
        return False


def data_set_rows(data: str, split: str, config: str | None) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The rows of a data set. Raises DataError, listing its configurations or splits, if one has to be chosen."""
    try:
        from datasets import get_dataset_config_names, get_dataset_split_names, load_dataset
    except ImportError:
        wanted = "" if Path(data).exists() else f"{data} is no file or folder here, and to look for it on the Hub, "
        raise MissingExtraError("datasets", "data", wanted) from None
    name = data
    if not Path(data).exists():
        before, _, behind = data.rpartition(":")
        name, config = (before, config or behind) if before else (data, config)
    try:
        configs = list(get_dataset_config_names(name))
        if config is None and len(configs) > 1:
            config = "default" if "default" in configs else None
            if config is None:
                raise _choose(f"{data} has several configurations", name, configs, get_dataset_split_names)
        elif config is not None and configs and config not in configs:
            raise _choose(f"{name} has no configuration {config!r}", name, configs, get_dataset_split_names)
        splits = list(get_dataset_split_names(name, config))
        if splits and "[" not in split:
            split = choose_split(splits, split, f"{data} ({', '.join(configs)})" if len(configs) > 1 else data)
        rows = load_dataset(name, config, split=split, streaming=True)
        for number, row in enumerate(rows, start=1):
            yield f"{data}, row {number}", row
    except DataError:
        raise
    except Exception as error:  # the errors of loaders, the Hub's client and their libraries have no common base class
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{data}: neither a file here nor a data set that could be loaded ({reason})") from None


def _choose(what: str, name: str, configs: list[str], splits_of: Callable[[str, str], list[str]]) -> DataError:
    listed = ", ".join(configs[:_MOST_LISTED]) + (", ..." if len(configs) > _MOST_LISTED else "")
    splits = ", ".join(splits_of(name, configs[0]))
    return DataError(
        f"{what}; choose one of {listed}, as {name}:{configs[0]} or --config {configs[0]}. "
        f"Splits of {configs[0]}: {splits}"
    )
