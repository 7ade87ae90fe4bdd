"""The phrase at the turn from wrong to right, drawn from the files under `prompts/reflections/`.

    >>> phrases = load_phrases("fix")
    >>> rng = random.Random(0)
    >>> choose_phrase(phrases, "calculation_error", "calc", mode="typed", rng=rng, step_number=2)
    'Checking this calculation again, I notice a mistake. The correct version is:'

There is a folder per strategy, with a file per error type, one per family, `any`, and `implausible`. A phrase comes
from the type's own file; the family's serves types that have none, and `any` those that have no family's either (arXiv
2503.17439 uses one list of phrases for all types). Each file has English phrases, and under `languages` those of other
languages by their code; under `kinds`, it may have others for some errors of the type only (`error_kinds.py`). If there
are none in a language, the phrase is one of `any` under `und`: signs, not words. No phrase promises how the problem is
solved from there on ("digit by digit"): what follows may not do so.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from lemma.exceptions import ConfigError
from lemma.records import Strategy, content_id
from lemma.resources import Text, prompt_files, read_yaml
from lemma.trajectories.languages import ENGLISH, UNDETERMINED

Mode = Literal["typed", "random"]
FOR_ANY_ERROR, FOR_IMPLAUSIBLE_NUMBERS = "any", "implausible"
STEP_SLOT = "{step}"


@dataclass(frozen=True)
class Phrase:
    """One phrase. Its id is the file's name and a hash of the text, so it does not depend on the place in the file."""

    id: str
    text: str
    language: str = ENGLISH

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

    def of(self, name: str, language: str = ENGLISH) -> tuple[Phrase, ...]:
        """The phrases of one file in one language."""
        return self._by_language.get((name, language), ())

    def fitting(
        self, error_type_id: str, family: str, language: str = ENGLISH, implausible: bool = False, kind: str = ""
    ) -> tuple[Phrase, ...]:
        """The phrases written for the kind of the type; if there are none, those for the type, else those for its
        family, else those for any error, else signs that are no words. If the wrong number is implausible, those that
        say so are among them.
        """
        names = (f"{error_type_id}.{kind}", error_type_id, family, FOR_ANY_ERROR)
        pools = (self.of(name, language) for name in names)
        found = next(filter(None, pools), ())
        if found and implausible:
            return (*found, *self.of(FOR_IMPLAUSIBLE_NUMBERS, language))
        return found or self.of(FOR_ANY_ERROR, UNDETERMINED) or self.of(FOR_ANY_ERROR)

    def anywhere(self, language: str = ENGLISH) -> tuple[Phrase, ...]:
        """All phrases in one language but those about implausible numbers; signs if there are none."""
        names = sorted(name for name in self.by_file if name != FOR_IMPLAUSIBLE_NUMBERS)
        found = tuple(phrase for name in names for phrase in self.of(name, language))
        return found or self.fitting(FOR_ANY_ERROR, FOR_ANY_ERROR, language)

    @cached_property
    def _by_language(self) -> dict[tuple[str, str], tuple[Phrase, ...]]:
        found: dict[tuple[str, str], list[Phrase]] = defaultdict(list)
        for name, phrases in self.by_file.items():
            for phrase in phrases:
                found[name, phrase.language].append(phrase)
        return {key: tuple(phrases) for key, phrases in found.items()}


def is_numbered(step: str, number: int) -> bool:
    """Whether a step says that it is this one: `Step 3: ...`, `3. ...`, `(3) ...`."""
    return re.match(rf"\W*(?:[^\W\d]+ )?{number}\s?[.:)\]、．：](?!\d)", step) is not None


def filled(phrases: Sequence[Phrase], step_number: int | None, numbered: bool = True) -> tuple[str, ...]:
    """The texts with the number of the wrong step; if it is not known, only of the phrases that do not name it. In a
    solution whose steps are not numbered, a phrase names the step only if there is no other.

    Raises ConfigError if none is left.
    """
    return tuple(_text_of(phrase, step_number) for phrase in _usable(phrases, step_number, numbered))


def _usable(phrases: Sequence[Phrase], step_number: int | None, numbered: bool) -> Sequence[Phrase]:
    if not numbered:
        phrases = [phrase for phrase in phrases if STEP_SLOT not in phrase.text] or phrases
    if step_number is None:
        phrases = [phrase for phrase in phrases if STEP_SLOT not in phrase.text]
        if not phrases:
            raise ConfigError(f"all reflection phrases that fit name the wrong step; add one without {STEP_SLOT}")
    return phrases


def _text_of(phrase: Phrase, step_number: int | None) -> str:
    return phrase.text if step_number is None else phrase.fill(step_number)


def choose_phrase(
    phrases: Phrases,
    error_type_id: str,
    family: str,
    *,
    mode: Mode,
    rng: random.Random,
    step_number: int | None,
    language: str = ENGLISH,
    implausible: bool = False,
    numbered: bool = True,
    kind: str = "",
) -> str:
    """Draw a phrase that fits the error (`typed`), or any of the strategy's (`random`), with its slot filled in.

    `step_number` counts from 1; without one, no phrase is drawn that names the step. `implausible` says that nobody
    would believe the wrong number, `numbered` that the solution numbers its steps, `kind` which of the kinds of its
    type the error is. A generator in the same state draws the same phrase, until `phrases.version` changes.
    """
    typed = mode == "typed"
    fitting = phrases.fitting(error_type_id, family, language, implausible, kind)
    candidates = fitting if typed else phrases.anywhere(language)
    return _text_of(rng.choice(_usable(candidates, step_number, numbered)), step_number)


def load_phrases(strategy: Strategy) -> Phrases:
    """The strategy's phrases. Raises ConfigError, with file and field, if a file holds no phrases."""
    return _read_once(tuple(prompt_files(f"reflections/{strategy}/*.yaml")))


def read_phrases(files: tuple[Path, ...], needed: str = FOR_ANY_ERROR) -> Phrases:
    """The phrases in these files, of which one is `needed`.

    Raises ConfigError, with file and field, if a file holds no phrases.
    """
    by_file = {}
    for path in files:
        content = read_yaml(path, _PhraseFile)
        for name, part in (
            (path.stem, content),
            *((f"{path.stem}.{kind}", one) for kind, one in content.kinds.items()),
        ):
            by_file[name] = tuple(
                Phrase(f"{name}-{content_id(text)}", text, language)
                for language, texts in {ENGLISH: part.phrases, **part.languages}.items()
                for text in texts
            )
    if needed not in by_file:
        raise ConfigError(f"there is no {needed}.yaml; add one, with phrases that fit any error")
    return Phrases(by_file)


_read_once = cache(read_phrases)


def _only_known_slots(phrases: tuple[str, ...]) -> tuple[str, ...]:
    for phrase in phrases:
        if re.search(r"[{}]", phrase.replace(STEP_SLOT, "")):
            raise ValueError(f"{phrase!r} has a slot other than {STEP_SLOT}")
    return phrases


_Texts = Annotated[tuple[Text, ...], Field(min_length=1), AfterValidator(_only_known_slots)]


class _PhrasesOfKind(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    phrases: _Texts
    languages: dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")], _Texts] = {}


class _PhraseFile(_PhrasesOfKind):
    kinds: dict[Annotated[str, StringConstraints(pattern=r"^[a-z_]+$")], _PhrasesOfKind] = {}
