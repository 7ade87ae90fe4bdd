"""What the suites ask a model, whoever serves it: a question, a question with the beginning of an answer, or a task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lemma.evaluation.outputs import GREEDY
from lemma.prompts import Prompt
from lemma.teachers.dispatch import Teacher
from lemma.teachers.protocol import Message, NoAnswerError, Request, Response, Sampling

_NEXT_PROBLEM = "\n\nProblem:"


@dataclass(frozen=True)
class Asker:
    """A model under evaluation, and how it is asked. Requests name it `served_as`."""

    teacher: Teacher
    model: str
    served_as: str
    prompt: Prompt
    temperature: float
    top_p: float
    max_tokens: int

    async def solve(self, question: str, given: Sequence[str] = (), sample: int = GREEDY) -> Response | NoAnswerError:
        """What the model writes on a question after the `given` steps of an answer. Sample 0 is greedy."""
        rendered = self.prompt.render(question=question)
        begun = "".join(f"{step}\n" for step in given)
        if isinstance(rendered, str):
            return await self._ask(f"{rendered}\n{begun}" if begun else rendered, sample)
        return await self._ask((*rendered, Message("assistant", begun)) if begun else rendered, sample)

    async def perform(self, task: Prompt, **values: object) -> Response | NoAnswerError:
        """What the model answers, greedily, to a task that has a prompt of its own."""
        return await self._ask(task.render(**values), GREEDY)

    async def _ask(self, prompt: str | tuple[Message, ...], sample: int) -> Response | NoAnswerError:
        stop = (_NEXT_PROBLEM,) if isinstance(prompt, str) else ()
        temperature = 0.0 if sample == GREEDY else self.temperature
        top_p = 1.0 if sample == GREEDY else self.top_p
        request = Request(self.served_as, prompt, Sampling(temperature, top_p, self.max_tokens, stop), sample)
        try:
            return await self.teacher.ask(request)
        except NoAnswerError as error:
            return error
