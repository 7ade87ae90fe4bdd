"""`lemma generate`: as many problems as wanted, seeded, no two alike.

lemma generate -n 100000 --operations 2-4 --largest 20 --seed 1
lemma augment lemma-run/generated.jsonl
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

import orjson
from rich.console import Console

from lemma.config import GenerateConfig
from lemma.engine.outcome import Outcome
from lemma.engine.pool import run_stage
from lemma.engine.summary import StageSummary
from lemma.exceptions import ConfigError
from lemma.generation.stories import Difficulty, Story, draw_story
from lemma.generation.wording import question_text, solution_steps
from lemma.records import content_id
from lemma.rng import random_for
from lemma.rundir.journal import Output, RunDirectory

GENERATED = "generated.jsonl"
_GIVE_UP_AFTER = 1000


@dataclass(frozen=True)
class GeneratedProblem:
    """A problem in GSM8K's form. `operations` is its difficulty."""

    id: str
    question: str
    answer: str
    operations: int


def generate(config: GenerateConfig, console: Console) -> StageSummary:
    """Run the stage."""
    problems = itertools.islice(draw_problems(config), config.n)
    directory = RunDirectory(config.run)
    with directory.open_stage(config, (Output(GENERATED, lambda line: str(line["id"])),), {}) as journal:
        run_stage(_outcome, problems, journal, 1, console, total=config.n)
        file = config.run / GENERATED
        return StageSummary(journal.made, journal.rejected, (file,), f"lemma augment {file} --run {config.run}")


def _outcome(problem: GeneratedProblem) -> Outcome:
    outcome = Outcome(problem.id)
    outcome.lines[GENERATED] = [orjson.dumps(problem, option=orjson.OPT_APPEND_NEWLINE)]
    outcome.counts[f"problems of {problem.operations} operations"] += 1
    return outcome


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
                f"there are hardly more than {len(seen):,} such problems; allow more --operations or a larger --largest"
            )


def _problem(story: Story, rng: random.Random, shuffled: bool) -> GeneratedProblem:
    order = list(story.facts)
    if shuffled:
        rng.shuffle(order)
    question, steps = question_text(story, order), solution_steps(story)
    answer = "\n".join([*steps, f"#### {story.values()[story.asked]}"])
    return GeneratedProblem(content_id(question, answer), question, answer, len(steps))


def _operations(text: str) -> tuple[int, int]:
    fewest, _, most = text.partition("-")
    if not (fewest.isdecimal() and (most or fewest).isdecimal() and 1 <= int(fewest) <= int(most or fewest) <= 12):
        raise ConfigError(f"--operations {text}: expected a number from 1 to 12, or a range such as 2-5")
    return int(fewest), int(most or fewest)
