"""Where the data folders are, and how YAML that people write is read.

`error_taxonomy`, `prompts` and `pipelines` are at the top of the repository, for people to read and edit, and are
packed into the wheel. A user's own prompts replace the shipped ones file by file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, StringConstraints, ValidationError

from lemma.exceptions import ConfigError, first_fault

_PACKAGE = Path(__file__).resolve().parent
BUNDLED = _PACKAGE / "data"
"""What the package itself holds: the sample, shipped distributions, scripted models."""

# In the environment, so that worker processes see it too.
OWN_PROMPTS = "LEMMA_PROMPTS"


def data_folder(name: str) -> Path:
    """The folder `error_taxonomy`, `prompts` or `pipelines`: the checkout's own, or the one packed into the wheel."""
    packed = _PACKAGE / "_data" / name
    return packed if packed.is_dir() else _PACKAGE.parent / name


def prompt_files(pattern: str) -> list[Path]:
    """The files under `prompts/` that match a pattern; a user's own file wins over the shipped one of its name.

    >>> [path.name for path in prompt_files("solve.jinja")]
    ['solve.jinja']
    """
    return list(_files_once(pattern, os.environ.get(OWN_PROMPTS)))


@cache  # asked for each record, and a folder takes longer to list than a record to make
def _files_once(pattern: str, own: str | None) -> tuple[Path, ...]:
    folders = [data_folder("prompts"), *([Path(own)] if own else [])]
    found = {path.relative_to(folder): path for folder in folders for path in sorted(folder.glob(pattern))}
    return tuple(found[name] for name in sorted(found))


@contextmanager
def own_prompts(folder: Path | None) -> Iterator[None]:
    """Let the files of a folder replace the shipped prompts for a while.

    Raises ConfigError if there is no such folder, or a file in it replaces nothing.
    """
    if folder is None:
        yield
        return
    if not folder.is_dir():
        raise ConfigError(f"--prompts {folder} is not a folder; it holds files named as those under prompts/")
    shipped = data_folder("prompts")
    for path in sorted(folder.rglob("*.*")):
        if not (shipped / path.relative_to(folder)).exists() and path.suffix in (".jinja", ".yaml"):
            names = ", ".join(sorted(str(file.relative_to(shipped)) for file in shipped.rglob(f"*{path.suffix}")))
            raise ConfigError(f"--prompts: {path} replaces nothing; there are: {names}")
    before = os.environ.get(OWN_PROMPTS)
    os.environ[OWN_PROMPTS] = str(folder.resolve())
    _files_once.cache_clear()  # there may be more in it than last time
    try:
        yield
    finally:
        if before is None:
            del os.environ[OWN_PROMPTS]
        else:
            os.environ[OWN_PROMPTS] = before


Model = TypeVar("Model", bound=BaseModel)
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_MOST_YAML_BYTES, _MOST_YAML_VALUES, _LONGEST_YAML_NUMBER = 1_000_000, 100_000, 1000
# Without libyaml, PyYAML takes several times as long for the phrases and types.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST_YAML = 100  # libyaml has no limit, and ends the process where the stack does


def load_yaml(path: Path) -> Any:
    """The content of a YAML file, in bounded time and memory.

    Raises OSError if it can't be read, UnicodeDecodeError if it is not text, and YAMLError for everything else: no
    YAML, more than a megabyte, or more than a hundred thousand values, aliases written out.
    """
    with path.open("rb") as file:
        content = file.read(_MOST_YAML_BYTES + 1)
    if len(content) > _MOST_YAML_BYTES:
        raise yaml.YAMLError("larger than a megabyte")
    try:
        text = content.decode("utf-8")
        _check_depth(text)
        loader = _LOADER(text)
        node = loader.get_single_node()
        if node is not None and _values_in(node, {}) > _MOST_YAML_VALUES:
            raise yaml.YAMLError(f"it stands for more than {_MOST_YAML_VALUES:,} values")
        return None if node is None else loader.construct_document(node)
    except UnicodeDecodeError:
        raise
    except (ValueError, OverflowError) as error:  # such as a date with a 13th month
        raise yaml.YAMLError(str(error)) from None


def _check_depth(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST_YAML:
            raise yaml.YAMLError("nested too deeply")


def _values_in(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node stands for with all aliases written out. Raises YAMLError if one is an endless number."""
    if node.tag.endswith((":int", ":float")) and len(str(node.value)) > _LONGEST_YAML_NUMBER:
        raise yaml.YAMLError(f"a number of more than {_LONGEST_YAML_NUMBER} characters")
    if id(node) not in known:
        known[id(node)] = _MOST_YAML_VALUES + 1  # what holds itself has no end
        parts = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        known[id(node)] = 1 + (sum(_values_in(part, known) for part in parts) if isinstance(parts, list) else 0)
    return known[id(node)]


def read_yaml(path: Path, model: type[Model]) -> Model:
    """The file's content as `model`. Raises ConfigError if it cannot be read, is not YAML, or does not fit."""
    try:
        content = load_yaml(path)
        if not isinstance(content, dict):
            raise ConfigError(f"{path}: expected fields, each as `name: value`")
        return model.model_validate(content)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        raise ConfigError(f"{path}: {first_fault(error)}") from None
