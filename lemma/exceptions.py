"""What can go wrong. Each LemmaError ends a command with one line and no traceback.

    LemmaError
    ├── ConfigError          a flag, a YAML key or a value that cannot be used
    ├── DataError            an input file that cannot be read, or holds nothing usable
    ├── RunDirectoryError    the run directory is in use, torn, full, or was made with other settings
    ├── MissingExtraError    an optional package is not installed
    ├── ModelError         a model endpoint that cannot be used
    └── StoppedError         a stage that ends early because one beside it failed

Every message says what is wrong, where, and what to do next.

A `Refusal` concerns a single item: the item is not made, a line in rejected.jsonl says why, and the command continues.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class LemmaError(Exception):
    """An expected failure whose message is fit for the person at the terminal."""


class ConfigError(LemmaError):
    """A flag, a YAML key or a value that cannot be used."""


class DataError(LemmaError):
    """An input that cannot be read, or holds nothing usable."""


class RunDirectoryError(LemmaError):
    """A run directory that cannot be used as asked."""


class MissingExtraError(LemmaError):
    """An optional package that is not installed."""

    def __init__(self, package: str, extra: str, wanted: str = "") -> None:
        super().__init__(
            f"{wanted}{package} is not installed; it comes with: pip install 'lemma-sft[{extra}]' "
            f"(in a checkout: pip install -e '.[{extra}]')"
        )


class ModelError(LemmaError):
    """A model endpoint that cannot be used."""


class StoppedError(LemmaError):
    """A stage that ends early, all it made kept, because one beside it failed or the user stopped them."""

    def __init__(self) -> None:
        super().__init__("stopped; rerun the command to resume")


class Refusal(Exception):
    """Why something was not made: a named reason, as counted in summaries, and a detail for people.

    >>> Refusal("answer_unchanged", "the wrong step still leads to 18").reason
    'answer_unchanged'
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason, self.detail = reason, detail


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the nearest known one, or all of them.

    >>> did_you_mean("augmnt", ["augment", "analyze"])
    "did you mean 'augment'?"
    """
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"


def first_fault(error: ValidationError) -> str:
    """The first thing that is wrong with a record or a YAML file, as `field: message`."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(map(str, first["loc"]))
    message = first["msg"].removeprefix("Value error, ")
    return f"{field}: {message}" if field else message
