"""`lemma generate`: any number of distinct problems, from a seed.

lemma generate -n 100000 --operations 2-4 --largest 20 --seed 1
lemma augment lemma-run/generated.jsonl
lemma generate --kind algebra -n 1000

How far the facts are out of order says how hard a problem is for a small model: `--displacement 0` keeps them in the
order in which they are worked out, 2 lets neighbors swap, and without it any order may come.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from lemma.config import GenerateConfig
from lemma.declaration import Command, Job
from lemma.engine.outcome import Product
from lemma.exceptions import ConfigError
from lemma.generation.algebra import draw_exercise
from lemma.generation.stories import Difficulty, draw_story
from lemma.generation.wording import question_text, solution_steps
from lemma.records import GeneratedProblem, content_id
from lemma.run_files import GENERATED
from lemma.rundir.sharing import Hold
from lemma.statistics import random_for

_GIVE_UP_AFTER = 1000  # repeated stories in a row


def plan(config: GenerateConfig, _hold: Hold) -> Job:
    """Draw the problems. Drawing is so fast that more processes would not help."""
    return Job(keep, itertools.islice(draw_problems(config), config.n), total=config.n, workers=1)


def next_command(config: GenerateConfig) -> tuple[str, ...]:
    """Inject errors into the generated problems."""
    return ("augment", str(GENERATED.path(config.run)))


COMMAND = Command(GenerateConfig, plan, writes=(GENERATED,), then=next_command)


def keep(problem: GeneratedProblem) -> Iterator[Product]:
    """The problem as it was drawn."""
    yield problem


def draw_problems(config: GenerateConfig) -> Iterator[GeneratedProblem]:
    """An endless sequence of problems, each with another story. The first n are the same for any n.

    Raises ConfigError if `--operations` is not a range, or if the settings allow no further story.
    """
    low, _, high = config.operations.partition("-")
    high = high or low
    if not (low.isdecimal() and high.isdecimal() and 1 <= int(low) <= int(high) <= 12):
        raise ConfigError(f"--operations {config.operations}: expected a number from 1 to 12, or a range such as 2-5")
    seen: set[str] = set()
    repeated = 0
    draw = _exercise if config.kind == "algebra" else _story
    for number in itertools.count():
        rng = random_for(config.seed, "generate", str(number))
        key, problem = draw(config, rng, (int(low), int(high)))
        if key in seen or problem is None:
            repeated += 1
            if repeated == _GIVE_UP_AFTER:
                raise ConfigError(
                    f"these settings allow only about {len(seen):,} distinct problems; raise --operations or --largest"
                )
            continue
        seen.add(key)
        repeated = 0
        yield problem


def _story(
    config: GenerateConfig, rng: random.Random, operations: tuple[int, int]
) -> tuple[str, GeneratedProblem | None]:
    """A word problem, and what tells its story from others."""
    difficulty = Difficulty(rng.randint(*operations), config.largest, config.modulus, config.distractors)
    story = draw_story(rng, difficulty)
    key = content_id(question_text(story, sorted(story.facts)))
    order = list(story.facts)
    if config.shuffled and config.displacement is None:
        rng.shuffle(order)
    elif config.shuffled and config.displacement is not None:
        moved = {person: place + rng.uniform(0, config.displacement) for place, person in enumerate(order)}
        order.sort(key=moved.__getitem__)
    question, steps = question_text(story, order), solution_steps(story)
    answer = "\n".join([*steps, f"#### {story.values()[story.asked]}"])
    return key, GeneratedProblem(
        id=content_id(question, answer), question=question, answer=answer, operations=len(steps)
    )


def _exercise(
    config: GenerateConfig, rng: random.Random, operations: tuple[int, int]
) -> tuple[str, GeneratedProblem | None]:
    """An exercise in algebra, None if it has too few steps or too many; and what tells it from others."""
    exercise = draw_exercise(rng, config.largest)
    if not operations[0] <= exercise.operations <= operations[1]:
        return "", None
    answer = "\n".join(exercise.steps)
    return content_id(exercise.question), GeneratedProblem(
        id=content_id(exercise.question, answer),
        question=exercise.question,
        answer=answer,
        operations=exercise.operations,
    )
