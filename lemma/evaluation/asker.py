"""What the suites ask a model, whoever serves it: a question, a question with a prefilled answer, or a task."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lemma.evaluation.outputs import GREEDY
from lemma.evaluation.pace import Pace
from lemma.exceptions import Refusal
from lemma.models.client import Client
from lemma.models.prompts import Prompt
from lemma.models.protocol import Message, Request, Response, Sampling, is_only_reasoning
from lemma.models.scoring import Score, Turn

_NEXT_PROBLEM = "\n\nProblem:"


@dataclass(frozen=True)
class Asker:
    """A model under evaluation, and how it is asked. Requests name it `served_as`; `drawing` is for drawn samples."""

    client: Client
    model: str
    served_as: str
    prompt: Prompt
    drawing: Sampling
    pace: Pace

    async def solve(self, question: str, given: Sequence[str] = (), sample: int = GREEDY) -> Response | Refusal:
        """What the model writes on a question, with the `given` steps prefilled. Sample 0 is greedy."""
        rendered = self.prompt.render(question=question)
        begun = "".join(f"{step}\n" for step in given)
        if isinstance(rendered, str):
            return await self._ask(f"{rendered}\n{begun}" if begun else rendered, sample)
        return await self._ask((*rendered, Message("assistant", begun)) if begun else rendered, sample)

    async def perform(self, task: Prompt, **values: object) -> Response | Refusal:
        """What the model answers, greedily, to a task that has a prompt of its own."""
        return await self._ask(task.render(**values), GREEDY)

    async def solve_without(self, question: str, barred: Sequence[str]) -> Response | Refusal | None:
        """What the model writes, greedily, if no line may begin with the `barred` words; None if it can't be barred."""
        if not self.client.can_bar():
            return None
        rendered = self.prompt.render(question=question)
        return await self._ask(rendered, GREEDY, tuple(barred))

    async def score(self, question: str, given: Sequence[str], candidates: Sequence[str]) -> list[Score] | None:
        """How probable the candidates are behind `given` steps; None if the model's probabilities can't be had."""
        rendered = self.prompt.render(question=question)
        if isinstance(rendered, str) or len(rendered) > 1 or not candidates:
            return None  # scored texts are answers to a single message
        begun = "".join(f"{step}\n" for step in given)
        return await self.client.score(Turn(rendered[0].content, begun, tuple(candidates)))

    async def _ask(
        self, prompt: str | tuple[Message, ...], sample: int, barred: tuple[str, ...] = ()
    ) -> Response | Refusal:
        # A base model continues with the next problem of the few-shot prompt; a chat model ends its turn by itself.
        stop = (_NEXT_PROBLEM,) if isinstance(prompt, str) else ()
        sampling = Sampling(0.0, 1.0, self.drawing.max_tokens) if sample == GREEDY else self.drawing
        request = Request(self.served_as, prompt, replace(sampling, stop=stop, barred=barred), sample)
        self.pace.ask()
        since = time.monotonic()
        answer: Response | Refusal
        try:
            answer = await self.client.ask(request)
            if is_only_reasoning(answer) and answer.finish_reason != "length":
                # The server has lost the answer, or kept it with the thoughts: that is no wrong answer of the model.
                answer = Refusal("only_reasoning", f"no text after the reasoning: {answer.reasoning[-200:]}")
        except Refusal as error:
            answer = error
        self.pace.answered(time.monotonic() - since)
        return answer
