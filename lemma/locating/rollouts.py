"""Find the first wrong step of a solution by letting the student continue its own prefixes.

    student = Student(client, "my-student", load_prompt("solve"), Sampling(temperature=0.8, max_tokens=512))
    found = await locate(question, gold_answer, steps, student)
    found.posterior.best()           # the first step from which the gold answer is hardly reached any more
    found.right                      # continuations that reached it: corrections in the student's own words

The first wrong step is the first one after which continuations (almost) never reach the gold answer, while some from
before it do (Math-Shepherd, arXiv 2312.08935; OmegaPRM's binary search, arXiv 2406.06592). The prefix that is asked
next is the one that is expected to say most about the step, by the model of `success_rates`, and how often is decided
along the way. A continuation that writes the next steps of the solution again, word for word, counts for the prefixes
with these steps as well: had the student been given them, it would have gone on just so, with the same probability. It
needs a gold answer, and nothing else: no reference solution, no language, no kind of problem.

A step that is wrong but harms nothing is not found, and multiple choice inflates the rates of wrong prefixes.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

import numpy as np

from lemma.exceptions import Refusal
from lemma.grading.verdict import verdict
from lemma.locating.posterior import Posterior
from lemma.locating.success_rates import Beliefs, SuccessRates
from lemma.models.client import Client, ask_all
from lemma.models.prompts import Prompt, load_prompt
from lemma.models.protocol import Message, Request, Response, Sampling
from lemma.steps import split_steps, split_thought

SHOWN_PREFIX_PROMPT = "continue_solution"
_MORE_PREFIXES = 4  # asked at most, beyond the logarithm of the number of steps


@dataclass(frozen=True)
class Effort:
    """When to stop: at this `confidence`, after `most_samples` continuations, or if `at_once` more of them would say
    less than `least_gain` bits about the step. As long as no continuation is right, little gain is no reason to stop.
    """

    most_samples: int = 64
    at_once: int = 4
    confidence: float = 0.95
    least_gain: float = 0.005


DEFAULT_EFFORT = Effort()


@dataclass(frozen=True)
class Student:
    """The model that wrote the solutions, and how it is asked to continue one.

    With `prefill`, the prefix is the beginning of its answer; a server that can't continue one is shown the prefix by
    the prompt `continue_solution` instead.
    """

    client: Client
    model: str
    prompt: Prompt
    sampling: Sampling
    prefill: bool = True

    def request(self, question: str, given: Sequence[str], sample: int) -> Request:
        """The request for one continuation of the `given` steps."""
        if given and not self.prefill:
            shown = load_prompt(SHOWN_PREFIX_PROMPT).render(question=question, steps=given)
            return Request(self.model, shown, self.sampling, sample)
        rendered = self.prompt.render(question=question)
        begun = "".join(f"{step}\n" for step in given)
        if isinstance(rendered, str):
            return Request(self.model, f"{rendered}\n{begun}" if begun else rendered, self.sampling, sample)
        prompt = (*rendered, Message("assistant", begun)) if begun else rendered
        return Request(self.model, prompt, self.sampling, sample)


@dataclass(frozen=True)
class Continuation:
    """What the student wrote after the first `given` steps of its own solution, and reached the gold answer with. Its
    first `again` steps are the next ones of the solution, word for word.
    """

    given: int
    text: str
    again: int = 0


@dataclass
class Rollouts:
    """What was found. `drawn` has, by the length of a prefix, how often it was asked to be continued, and `counts` its
    successes and its continuations: those that could be graded, and those of shorter prefixes that wrote it again.
    `graded` are the prefixes that were asked and had a continuation that could be graded.
    """

    posterior: Posterior
    drawn: dict[int, int] = field(default_factory=dict)
    counts: dict[int, tuple[int, int]] = field(default_factory=dict)
    graded: set[int] = field(default_factory=set)
    right: list[Continuation] = field(default_factory=list)

    def add(self, length: int, text: str, is_right: bool, again: int = 0) -> None:
        """Count a continuation of the first `length` steps, which wrote the next `again` steps of the solution again,
        and reached the gold answer or another one.
        """
        self.graded.add(length)
        for reached in range(length, length + again + 1):
            successes, samples = self.counts.get(reached, (0, 0))
            self.counts[reached] = (successes + is_right, samples + 1)
        if is_right:
            self.right.append(Continuation(length, text, again))

    @property
    def fixes(self) -> list[Continuation]:
        """The right continuations from just before the most probable first wrong step, without what comes before it."""
        step = self.posterior.best_step()
        found = [(one, _behind(one)) for one in self.right if one.given + one.again == step]
        return [Continuation(step, rest) for one, rest in found if rest is not None]


def _behind(continuation: Continuation) -> str | None:
    """The text behind the steps that were written again; None if they are not there as they were read."""
    text = continuation.text
    for step in split_steps(text)[: continuation.again]:
        before, found, text = text.partition(step)
        if not found or before.strip():
            return None
    return text.lstrip() if continuation.again else text


def written_again(rest: Sequence[str], text: str) -> int:
    """How many steps of the rest of a solution a continuation begins with, word for word. 0 if it has thought first:
    given these steps, it would not have thought the same.
    """
    thought, _ = split_thought(text)
    pairs = zip(rest, () if thought else split_steps(text), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


async def locate(
    question: str,
    gold_answer: str,
    steps: Sequence[str],
    student: Student,
    *,
    effort: Effort = DEFAULT_EFFORT,
    takes_back: Callable[[str], bool] = lambda text: False,
) -> Rollouts:
    """The probability of each step of a wrong solution to be the first wrong one.

    `takes_back` says whether a continuation corrects the steps that it was given instead of continuing them; such a one
    says nothing about them. At most 4 + log2(steps) different prefixes are asked. Raises Refusal if no continuation
    reaches the gold answer, if the answers can't be compared with it, or if there is no step.
    """
    if not steps:
        raise Refusal("empty_solution", "there are no solution steps")
    model = SuccessRates(len(steps))
    beliefs = model.after({})
    found = Rollouts(beliefs.posterior)
    drawn = found.drawn
    while sum(drawn.values()) < effort.most_samples:
        length = _next_prefix(beliefs, found, effort)
        if length is None:
            break
        first = drawn.get(length, 0)
        drawn[length] = first + effort.at_once
        requests = [student.request(question, steps[:length], first + number) for number in range(effort.at_once)]
        for answer in await ask_all(student.client, requests):
            if isinstance(answer, Refusal) or takes_back(answer.text):
                continue
            # LaTeX may take a while to compare; other solutions need not wait for it.
            is_right = await asyncio.to_thread(_reaches, gold_answer, answer)
            if is_right is not None:
                # One that was cut off had less room than after a longer prefix; another prompt is another student.
                is_alike = student.prefill and answer.finish_reason != "length"
                again = written_again(steps[length:], answer.text) if is_alike else 0
                found.add(length, answer.text, is_right, again)
        beliefs = model.after(found.counts)
        found.posterior = beliefs.posterior
    if not any(samples for _, samples in found.counts.values()):
        raise Refusal("rollouts_ungraded", f"none of {sum(drawn.values())} continuations could be graded")
    if not found.right:
        raise Refusal("rollouts_never_right", f"none of {sum(drawn.values())} continuations reached the gold answer")
    return found


def _next_prefix(beliefs: Beliefs, found: Rollouts, effort: Effort) -> int | None:
    """The length of the prefix to continue next; None if enough is known.

    Before a step is believed, a continuation from just before it has to reach the answer (it is a correction, too), and
    some have to be asked from behind it: a server that ignores the prefix would succeed from anywhere.
    """
    gains = beliefs.gains(effort.at_once)
    step = beliefs.posterior.best_step()
    most = _MORE_PREFIXES + int(math.log2(len(gains) - 1))
    if len(found.drawn) >= most:
        gains[[length for length in range(len(gains)) if length not in found.drawn]] = -1
    gains[[length for length in found.drawn if length not in found.graded]] = -1  # asked, without a result
    if beliefs.posterior.confidence < effort.confidence:
        length = int(np.argmax(gains))
        return length if gains[length] >= (effort.least_gain if found.right else 0) else None
    if beliefs.posterior.best() is None:
        return None
    if not any(length > step for length in found.drawn):
        return step + 1 if len(found.drawn) < most else None
    shown = found.counts.get(step, (0, 0))[0]
    return None if shown or (step not in found.drawn and len(found.drawn) >= most) else step


def _reaches(gold_answer: str, answer: Response) -> bool | None:
    """Whether a continuation ends with the gold answer; None if that can't be said. One that never ends does not."""
    if answer.finish_reason == "length":
        return False
    if answer.finish_reason not in ("stop", "unknown") or not answer.text.strip():
        return None
    judged = verdict(gold_answer, answer.text)
    return None if judged == "unknown" else judged == "equal"
