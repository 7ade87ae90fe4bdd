"""`lemma generate`: as many problems as wanted, seeded, no two alike.

lemma generate -n 100000 --operations 2-4 --largest 20 --seed 1
lemma augment lemma-run/generated.jsonl
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from lemma.config import GenerateConfig
from lemma.declaration import Command, Job
from lemma.engine.outcome import Product
from lemma.exceptions import ConfigError
from lemma.generation.stories import Difficulty, Story, draw_story
from lemma.generation.wording import question_text, solution_steps
from lemma.records import GeneratedProblem, content_id
from lemma.run_files import GENERATED
from lemma.rundir.sharing import Hold
from lemma.statistics import random_for

_GIVE_UP_AFTER = 1000


def plan(config: GenerateConfig, _hold: Hold) -> Job:
    """Draw the problems; drawing is so fast that other processes would not help."""
    return Job(_as_it_is, itertools.islice(draw_problems(config), config.n), total=config.n, workers=1)


def _next(config: GenerateConfig) -> tuple[str, ...]:
    return ("augment", str(GENERATED.path(config.run)))


COMMAND = Command(GenerateConfig, plan, writes=(GENERATED,), then=_next)


def _as_it_is(problem: GeneratedProblem) -> Iterator[Product]:
    yield problem


def draw_problems(config: GenerateConfig) -> Iterator[GeneratedProblem]:
    """Problems without end. The first n are the same whatever n is; none tells the same story as one before.

    Raises ConfigError when so small numbers allow no further story.
    """
    fewest, most = _operations(config.operations)
    seen: set[str] = set()
    repeated = 0
    for number in itertools.count():
        rng = random_for(config.seed, "generate", str(number))
        difficulty = Difficulty(rng.randint(fewest, most), config.largest, config.modulus, config.distractors)
        story = draw_story(rng, difficulty)
        key = content_id(question_text(story, sorted(story.facts)))
        if key not in seen:
            seen.add(key)
            repeated = 0
            yield _problem(story, rng, config.shuffled)
        elif (repeated := repeated + 1) == _GIVE_UP_AFTER:
            raise ConfigError(
                f"these settings allow only about {len(seen):,} distinct problems; raise --operations or --largest"
            )


def _problem(story: Story, rng: random.Random, shuffled: bool) -> GeneratedProblem:
    order = list(story.facts)
    if shuffled:
        rng.shuffle(order)
    question, steps = question_text(story, order), solution_steps(story)
    answer = "\n".join([*steps, f"#### {story.values()[story.asked]}"])
    return GeneratedProblem(id=content_id(question, answer), question=question, answer=answer, operations=len(steps))


def _operations(text: str) -> tuple[int, int]:
    fewest, _, most = text.partition("-")
    if not (fewest.isdecimal() and (most or fewest).isdecimal() and 1 <= int(fewest) <= int(most or fewest) <= 12):
        raise ConfigError(f"--operations {text}: expected a number from 1 to 12, or a range such as 2-5")
    return int(fewest), int(most or fewest)
