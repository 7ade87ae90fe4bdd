"""The phrase at the turn from wrong to right, drawn from the files under `prompts/reflections/`.

    >>> phrases = load_phrases("fix")
    >>> rng = random.Random(0)
    >>> choose_phrase(phrases, "calculation_error", "calc", mode="typed", rng=rng, step_number=2)
    'Checking this calculation again, I notice a mistake. The correct version is:'

There is a folder per strategy, with a file per error type, one per family, and `any`. The phrases of a family fit every
type in it, those of `any` fit every error (arXiv 2503.17439 uses one list of phrases for all types).
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from lemma.exceptions import ConfigError
from lemma.records import Strategy, content_id
from lemma.resources import Text, prompt_files, read_yaml

Mode = Literal["typed", "random"]
FOR_ANY_ERROR = "any"
STEP_SLOT = "{step}"


@dataclass(frozen=True)
class Phrase:
    """One phrase. Its id is the file's name and a hash of the text, so it does not depend on the place in the file."""

    id: str
    text: str

    def fill(self, step_number: int) -> str:
        """The text, with the number of the wrong step (from 1) in its slot if it has one."""
        return self.text.replace(STEP_SLOT, str(step_number))


@dataclass(frozen=True)
class Phrases:
    """All phrases of a strategy, by the name of their file. `version` changes with any of them."""

    by_file: Mapping[str, tuple[Phrase, ...]]

    @cached_property
    def version(self) -> str:
        return content_id(*(phrase.id for phrase in self.all))

    @cached_property
    def all(self) -> tuple[Phrase, ...]:
        """Every phrase, in the order of the files' names."""
        return tuple(phrase for name in sorted(self.by_file) for phrase in self.by_file[name])

    def fitting(self, error_type_id: str, family: str) -> tuple[Phrase, ...]:
        """The phrases written for the type or its family; if there are none, those for any error."""
        typed = (*self.by_file.get(error_type_id, ()), *self.by_file.get(family, ()))
        return typed or self.by_file[FOR_ANY_ERROR]


def filled(phrases: Sequence[Phrase], step_number: int | None) -> tuple[str, ...]:
    """The texts with the number of the wrong step; if it is not known, only of the phrases that do not name it.

    Raises ConfigError if none is left.
    """
    if step_number is not None:
        return tuple(phrase.fill(step_number) for phrase in phrases)
    texts = tuple(phrase.text for phrase in phrases if STEP_SLOT not in phrase.text)
    if not texts:
        raise ConfigError(f"all reflection phrases that fit name the wrong step; add one without {STEP_SLOT}")
    return texts


def choose_phrase(
    phrases: Phrases, error_type_id: str, family: str, *, mode: Mode, rng: random.Random, step_number: int | None
) -> str:
    """Draw a phrase that fits the error (`typed`), or any of the strategy's (`random`), with its slot filled in.

    `step_number` counts from 1; without one, no phrase is drawn that names the step. A generator in the same state
    draws the same phrase, until `phrases.version` changes.
    """
    candidates = phrases.fitting(error_type_id, family) if mode == "typed" else phrases.all
    return rng.choice(filled(candidates, step_number))


def load_phrases(strategy: Strategy) -> Phrases:
    """The strategy's phrases. Raises ConfigError, with file and field, if a file holds no phrases."""
    return _read_once(tuple(prompt_files(f"reflections/{strategy}/*.yaml")))


def read_phrases(files: tuple[Path, ...]) -> Phrases:
    """The phrases in these files. Raises ConfigError, with file and field, if a file holds no phrases."""
    by_file = {
        path.stem: tuple(
            Phrase(f"{path.stem}-{content_id(text)}", text) for text in read_yaml(path, _PhraseFile).phrases
        )
        for path in files
    }
    if FOR_ANY_ERROR not in by_file:
        raise ConfigError(f"there is no {FOR_ANY_ERROR}.yaml; add one, with phrases that fit any error")
    return Phrases(by_file)


_read_once = cache(read_phrases)


class _PhraseFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    phrases: tuple[Text, ...] = Field(min_length=1)

    @field_validator("phrases")
    @classmethod
    def _only_known_slots(cls, phrases: tuple[str, ...]) -> tuple[str, ...]:
        for phrase in phrases:
            if re.search(r"[{}]", phrase.replace(STEP_SLOT, "")):
                raise ValueError(f"{phrase!r} has a slot other than {STEP_SLOT}")
        return phrases
