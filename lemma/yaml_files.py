"""YAML that people write by hand, read into models. What is wrong with it is a `ConfigError` with file and field."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeVar

import yaml
from pydantic import BaseModel, StringConstraints, ValidationError

from lemma.exceptions import ConfigError

Model = TypeVar("Model", bound=BaseModel)
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def read_yaml(path: Path, model: type[Model]) -> Model:
    """The file's content as `model`. Raises ConfigError where it can't be read, is not YAML, or doesn't fit."""
    try:
        return model.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} can't be read: {error}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "the file"
        raise ConfigError(f"{path}: {field}: {first['msg'].removeprefix('Value error, ')}") from None
