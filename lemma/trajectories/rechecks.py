"""Steps that are worked out a second time before the solution continues, so that a verdict compares two written texts.

    4 * 8 = 32 apples.
    Once more:
    4 * 8 = 32 apples.
    That checks out.
    32 - 5 = 29 apples.
    Once more:
    32 - 5 = 27 apples.
    Wait, that isn't right.
    32 - 5 = 27 apples.

At the end of a step, a model can read what it wrote, but hardly what it would have written instead (docs/study.md).
Behind a right step comes the same step again, and that it holds. Behind a wrong one comes the right one, and then the
reflection. What is right and wrong has to be known, as for all checks (`lemma.trajectories.checks`).

Every wrong step whose repair is known is worked out again. Right steps are so at a rate, below 1 to save tokens.

The phrases are in `prompts/rechecks/`, by language.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from lemma.records import Segment
from lemma.resources import prompt_files
from lemma.trajectories.checks import DOUBTS, RIGHT, draw_check
from lemma.trajectories.languages import UNDETERMINED, language_of
from lemma.trajectories.phrases import Phrases, read_phrases

AGAIN = "again"


def rechecked(
    segments: Iterable[Segment], known: Mapping[str, str], rate: float, rng: random.Random, *, repairs: bool
) -> tuple[Segment, ...]:
    """The segments with steps that are worked out again, each a `check` of its own.

    A line that is `known` to be right comes again at this rate. After a line that is known to be wrong comes the line
    that the next correction begins with, if that `repairs` the step (a `fix`) and is known to be right.
    """
    parts = list(segments)
    language = language_of("".join(part.text for part in parts))
    made: list[Segment] = []
    for place, part in enumerate(parts):
        text = ""
        for line in part.text.splitlines(keepends=True):
            text += line
            name = known.get(line.removesuffix("\n"), "") if line.endswith("\n") else ""
            said = ""
            if part.kind in ("prefix", "correction") and name in RIGHT and rng.random() < rate:
                said = f"{line}{draw_check(name, language, rng)}\n"
            elif part.kind == "error" and name in DOUBTS and line == part.text and repairs:
                said = _repaired(parts[place + 1 :], known)
            if said:
                check = Segment(kind="check", text=f"{_announced(language, rng)}\n{said}")
                made += [Segment(kind=part.kind, text=text), check]
                text = ""
        if text:
            made.append(Segment(kind=part.kind, text=text))
    return tuple(made)


def _repaired(later: Sequence[Segment], known: Mapping[str, str]) -> str:
    """The line that the next correction begins with, if it is known to be right and a step; else nothing."""
    correction = next((part.text for part in later if part.kind == "correction"), "")
    first = correction.partition("\n")[0]
    return f"{first}\n" if known.get(first) in RIGHT else ""


def _announced(language: str, rng: random.Random) -> str:
    phrases = load_rechecks()
    return rng.choice(phrases.of(AGAIN, language) or phrases.of(AGAIN, UNDETERMINED)).text


def announces(line: str) -> bool:
    """Whether a line says that the step before it is worked out again."""
    return line.strip() in {phrase.text for phrase in load_rechecks().all}


def without_rechecks(lines: Sequence[str]) -> Iterator[int]:
    """The places of the lines that are no part of working a step out again; the verdicts behind it stay."""
    for place, line in enumerate(lines):
        if not announces(line) and not (place and announces(lines[place - 1])):
            yield place


def load_rechecks() -> Phrases:
    """The phrases. Raises ConfigError, with file and field, if a file holds none."""
    return _read_once(tuple(prompt_files("rechecks/*.yaml")))


@cache
def _read_once(files: tuple[Path, ...]) -> Phrases:
    return read_phrases(files, needed=AGAIN)
