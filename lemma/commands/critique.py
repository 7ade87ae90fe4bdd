"""`lemma critique`: which critiques of wrong solutions help the student (arXiv 2411.16579)?

    lemma critique --model Qwen/Qwen2.5-1.5B --base-url http://localhost:8000/v1
    lemma build-sft --records critique

The student sees its problem and a wrong solution, and tries again: N times with a critique, and N times without.
`build-sft` keeps the critiques with which it reached the gold answer more often; the gain is in the record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial

from lemma.config import CritiqueConfig
from lemma.declaration import Command, Job
from lemma.engine.outcome import Count, Product
from lemma.engine.summary import Tally
from lemma.exceptions import ConfigError, Refusal
from lemma.formats.critique import critique_of
from lemma.grading.verdict import verdict
from lemma.models.client import Client, ask_all
from lemma.models.prompts import load_prompt
from lemma.models.protocol import Request, Response, Sampling, usable_text
from lemma.records import ErroneousSolution, TestedCritique, content_id
from lemma.run_files import CRITIQUES, ERRONEOUS
from lemma.rundir.counts import Counts
from lemma.rundir.sharing import Hold
from lemma.steps import solution_text

_PROMPT = "retry"
# A dimension of the counts.
_EFFECT = "effect of critiques"
HELPS, HURTS, NEITHER = "helps", "hurts", "changes nothing"


def plan(config: CritiqueConfig, _hold: Hold) -> Job:
    """Let the student retry every erroneous solution. Raises ConfigError without a student."""
    if config.model is None:
        raise ConfigError("critique tests critiques on a student: give --model MODEL (and --base-url, or --backend)")
    return Job(partial(test_critique, config=config, model=config.model), model=config.model, prompts=(_PROMPT,))


async def test_critique(
    erroneous: ErroneousSolution, client: Client, *, config: CritiqueConfig, model: str
) -> list[Product]:
    """Let the student retry one erroneous solution with its critique and without. Raises Refusal if it has none, or if
    an answer is missing: shares of unequal numbers of tries are not compared.
    """
    if not erroneous.explanation.strip():
        raise Refusal("no_explanation", "there is nothing to say about the wrong step")
    critique = critique_of(erroneous)
    sampling = Sampling(config.temperature, config.top_p, config.max_tokens)
    shown = solution_text(erroneous.steps, erroneous.final_answer)
    requests = [
        Request(model, prompt, sampling, index)
        for prompt in (
            load_prompt(_PROMPT).render(question=erroneous.question, solution=shown, critique=said)
            for said in (critique, "")
        )
        for index in range(config.n)
    ]
    answers = await ask_all(client, requests)
    right = await asyncio.to_thread(lambda: list(map(partial(_is_right, erroneous.gold_answer), answers)))
    right_with, right_without = sum(right[: config.n]), sum(right[config.n :])
    gain = (right_with - right_without) / config.n
    tested = TestedCritique(
        id=content_id(erroneous.id, critique, model),
        erroneous_id=erroneous.id,
        critique=critique,
        asked=config.n,
        right_with=right_with,
        right_without=right_without,
        gain=gain,
        origin="student",
        model=model,
    )
    return [tested, Count(_EFFECT, HELPS if gain > 0 else HURTS if gain < 0 else NEITHER)]


def _is_right(gold: str, answer: Response | Refusal) -> bool:
    """Whether a retry reached the gold answer. An answer that is cut off, or cannot be graded, did not."""
    if isinstance(answer, Refusal):
        raise answer
    try:
        return verdict(gold, usable_text(answer)) == "equal"
    except Refusal:
        return False


def tallies(_config: CritiqueConfig, counts: Counts) -> Iterator[Tally]:
    """How many critiques help, hurt, or change nothing."""
    found = counts.of(_EFFECT)
    total = max(1, sum(found.values()))
    rows: Sequence[tuple[str, str, str]] = [
        (name, f"{found.get(name, 0):,}", f"{found.get(name, 0) / total:.1%}") for name in (HELPS, HURTS, NEITHER)
    ]
    yield Tally("The student with a critique", ("critique", "solutions", "share"), tuple(rows))


def calls(config: CritiqueConfig) -> int:
    """Model calls per erroneous solution."""
    return 2 * config.n


COMMAND = Command(
    CritiqueConfig,
    plan,
    reads=ERRONEOUS,
    writes=(CRITIQUES,),
    then=lambda _: ("build-sft", "--records", "critique"),
    calls=calls,
    tallies=tallies,
)
