"""The first wrong step of a solution of a generated problem, proven by the story that the problem tells."""

from __future__ import annotations

from lemma.exceptions import Refusal
from lemma.generation.reading import first_wrong_step, read_story
from lemma.locating.posterior import Posterior
from lemma.locating.together import Located, by_graph
from lemma.records import UNKNOWN, Problem, Solution
from lemma.steps import without_annotations


def by_story(solution: Solution, problem: Problem, least: float | None) -> Located:
    """What the story of a generated problem proves. Raises Refusal if the problem is none, or no wrong step is read."""
    story = read_story(problem.question)
    if story is None:
        raise Refusal("not_generated", "only the steps of a problem of `lemma generate` can be judged exactly")
    steps = tuple(map(without_annotations, solution.steps))
    wrong = first_wrong_step(story, steps)
    if wrong is None:
        raise Refusal(
            "no_wrong_step_read", "no step is wrong before one that says something else than who has how many"
        )
    graph = by_graph(solution, problem, least)
    agrees = graph.posterior.best_step() == wrong
    certain = Posterior(tuple(float(place == wrong) for place in range(len(steps))), 0.0)
    return Located(certain, "proof", 0.0, graph.error_type if agrees else UNKNOWN, graph.explanation if agrees else "")
