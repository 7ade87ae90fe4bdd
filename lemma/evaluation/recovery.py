"""Suite `recovery`: what a model does after a prefix that ends in a wrong step, injected or its own.

Injected errors are new symbolic ones, of every type. Own errors are the first wrong steps of the model's drawn samples,
if they can be proved, whatever became of them afterwards: taking only those of failed solutions would select errors
known to be missed. The control is the same problem with a right prefix of the same length. Models trained on injected
errors lack recovery from their own (arXiv 2512.02389), so the gap between the two is reported.

Whether a model can repair a step once it looks again is measured apart from whether it looks again by itself: a
reflection is put behind its own wrong steps, and behind right ones. It may then write the same wrong step again, a
right one, or take back what was right.

Whether it knows its own wrong steps from its own right ones is measured three ways: by what it does next, by how
probable the first word of a reflection is there, and by how sure it was of the step itself, that is by the probability
of the step's least probable word. The last two need a model in this process, and so does what comes without
reflections: lines that begin with the first word of one are barred. The oracle then puts a reflection behind the first
wrong step of the greedy solution, and nowhere else.

A model that works steps out again before it judges them (`build-sft --recheck-rate`) is asked to do so behind its own
wrong and right steps, in its own words of announcing that. It recognizes a step as wrong if it then reflects.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np

from lemma.evaluation.figures import (
    Figure,
    counts_of,
    fact,
    greedy,
    is_right,
    of_shares,
    separation,
    share_of,
    under,
)
from lemma.evaluation.outputs import Condition, first_wrong_step, own_places, states_answer
from lemma.generation.reading import is_right as is_right_step
from lemma.generation.reading import read_step, read_story
from lemma.models.scoring import Score
from lemma.records import Strategy
from lemma.steps import answer_line, split_steps
from lemma.trajectories.certainty import least_probable_word
from lemma.trajectories.checks import DOUBTS, load_checks
from lemma.trajectories.detection import find_reflection
from lemma.trajectories.phrases import choose_phrase, is_numbered, load_phrases
from lemma.trajectories.rechecks import announces, load_rechecks, without_rechecks

WRONG_PREFIXES: tuple[Condition, ...] = ("injected", "own")
RECHECKED: tuple[Condition, ...] = ("own_rechecked", "own_right_rechecked")
FORCED: tuple[Condition, ...] = ("own_forced", "right_forced", "own_right_forced")
OWN: tuple[Condition, ...] = ("own", "own_forced", "own_right", "own_right_forced", *RECHECKED)
UNAIDED: tuple[Condition, ...] = ("forbidden", "oracle")
_RIGHT_PREFIX: tuple[Condition, ...] = ("right_prefix",)
_WORD = re.compile(r"\w+")
_SUREST = 1e-12
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Prefix:
    """The beginning of a solution, for a model to continue. For a wrong one, `right_step` is what its last step should
    have been, if that is known. A `forced` line comes after the steps: a reflection, or that the last one comes again.
    """

    condition: Condition
    steps: tuple[str, ...]
    error_type: str | None = None
    right_step: str | None = None
    forced: str = ""
    harmful: bool | None = None
    """Whether the answer of the solution that it begins was wrong; None if that is not known."""

    @property
    def given(self) -> tuple[str, ...]:
        """The lines that the model continues."""
        return (*self.steps, self.forced) if self.forced else self.steps

    @property
    def last(self) -> str:
        """The last step, which is the wrong one in a wrong prefix."""
        return self.steps[-1]


def steps_before_reflection(text: str) -> tuple[str, ...]:
    """The steps that an output takes before it reflects for the first time."""
    turn = find_reflection(text)
    return split_steps(text if turn is None else text[: turn.start])


def own_prefixes(
    question: str, reference: Sequence[str], samples: Sequence[str], right: Sequence[bool | None] = ()
) -> Iterator[Prefix]:
    """Prefixes that end in the first wrong step of a sample, each once. `right` says whether its answer was right."""
    seen = set()
    for text, is_answer_right in zip(samples, right or [None] * len(samples), strict=True):
        steps = steps_before_reflection(text)
        wrong = first_wrong_step(question, steps)
        if wrong is None or steps[: wrong + 1] in seen:
            continue
        seen.add(steps[: wrong + 1])
        harmful = None if is_answer_right is None else not is_answer_right
        yield Prefix("own", steps[: wrong + 1], None, _counterpart(steps[wrong], reference), harmful=harmful)


def own_right_prefixes(question: str, samples: Sequence[str], rng: random.Random) -> Iterator[Prefix]:
    """Prefixes that end in a right step of a sample, drawn from those before its first wrong one, each once.

    A step is called right only if that can be proved, which takes a generated problem.
    """
    story, seen = read_story(question), set()
    for text in samples if story is not None else ():
        steps = steps_before_reflection(text)
        right = []
        for place in own_places(steps):
            step = read_step(steps[place])
            if story is None or step is None or not is_right_step(story, step):
                break
            right.append(place)
        if right:
            given = steps[: rng.choice(right) + 1]
            if given not in seen:
                seen.add(given)
                yield Prefix("own_right", given)


def _counterpart(wrong: str, reference: Sequence[str]) -> str | None:
    """The one step of the reference that begins as a wrong step does, up to its first number; None if not unique."""
    opening = _NUMBER.split(wrong, maxsplit=1)[0]
    alike = [step for step in reference if opening.strip() and _NUMBER.split(step, maxsplit=1)[0] == opening]
    return alike[0] if len(alike) == 1 else None


def forced(prefix: Prefix, rng: random.Random) -> Prefix:
    """The same prefix with a reflection behind it, one of those that doubt a calculation."""
    number = len(prefix.steps)
    numbered = is_numbered(prefix.steps[-1], number)
    phrases = load_phrases("fix")
    reflection = choose_phrase(phrases, "", "calc", mode="typed", rng=rng, step_number=number, numbered=numbered)
    after: dict[Condition, Condition] = {"right_prefix": "right_forced", "own_right": "own_right_forced"}
    return replace(prefix, condition=after.get(prefix.condition, "own_forced"), forced=reflection)


def rechecking(prefixes: Sequence[Prefix], outputs: Sequence[str]) -> Iterator[Prefix]:
    """The prefixes with a line behind them by which the model says in an output that a step comes again; none if
    it never does.
    """
    lines = (line for text in outputs for line in split_steps(text))
    announcement = next(filter(announces, lines), "")
    after: dict[Condition, Condition] = {"own": "own_rechecked", "own_right": "own_right_rechecked"}
    for prefix in prefixes if announcement else ():
        yield replace(prefix, condition=after[prefix.condition], forced=announcement)


def openings(reference: Sequence[str]) -> tuple[str, ...]:
    """The words that reflections begin with, without those that open a step of the reference or state its answer."""
    phrases = [phrase.text for strategy in get_args(Strategy) for phrase in load_phrases(strategy).anywhere()]
    phrases += [phrase.text for name in DOUBTS for phrase in load_checks().of(name)]
    return _first_words(phrases, reference)


def announcements(reference: Sequence[str]) -> tuple[str, ...]:
    """The same for the lines that say that a step comes again."""
    return _first_words([phrase.text for phrase in load_rechecks().all], reference)


def _first_words(phrases: Sequence[str], reference: Sequence[str]) -> tuple[str, ...]:
    words, usual = (
        {found.group() for text in texts if (found := _WORD.match(text))}
        for texts in (phrases, (*reference, answer_line("")))
    )
    return tuple(sorted(words - usual))


def otherwise(score: Score) -> float:
    """The log-probability that something else comes than what was scored."""
    return float(np.log(max(-np.expm1(min(score.log_likelihood, 0.0)), _SUREST)))


def doubt(scores: Sequence[Score]) -> float:
    """The log-probability that one of the scored words comes."""
    return float(np.logaddexp.reduce([score.log_likelihood for score in scores]))


def unsureness(scores: Sequence[Score]) -> float:
    """The logarithm of one minus the probability of the least probable word, from the scores of beginnings that are
    each one word longer.
    """
    return float(np.log(max(-np.expm1(min(least_probable_word(scores), 0.0)), _SUREST)))


def forced_facts(question: str, prefix: Prefix, output: str) -> dict[str, float]:
    """What comes after a forced reflection.

    `parroted`: the next step is the last one again. `next_right`: the next step is right, if that can be told: from the
    story of a generated problem, else from the result that the last step has or should have had.
    """
    turn = find_reflection(output)
    doubled = turn is not None and not output[: turn.start].strip()  # a second reflection behind the forced one
    text = output[turn.end :] if turn is not None and doubled else output
    after = _own_steps(text)
    facts = {"parroted": float(bool(after) and _repeats(prefix.last, after[0]))}
    if prefix.harmful is not None:
        facts["harmful"] = float(prefix.harmful)
    right = prefix.right_step if prefix.condition in ("own_forced", "oracle") else prefix.last
    story = read_story(question)
    if story is not None:
        step = read_step(after[0]) if after else None
        # Behind the last step, the right answer may come at once.
        answered = bool(after) and states_answer(after[0]) and _result(after[0]) == str(story.values()[story.asked])
        facts["next_right"] = float(answered if step is None else is_right_step(story, step))
    elif right is not None:
        facts["next_right"] = float(bool(after) and _result(after[0]) == _result(right))
    return facts


def recovery_facts(prefix: Prefix, output: str) -> dict[str, float]:
    """What an output did about the prefix that it was given.

    `recognized`: it reflects before it writes another step, other than the last one once more. `corrected`, of those
    that did: a later step has the result that the wrong one should have had. `parroted`: the next step after any
    reflection repeats the wrong one or its result.
    """
    turn = find_reflection(output)
    recognized = turn is not None and not list(without_rechecks(split_steps(output[: turn.start])))
    facts = {"recognized": float(recognized)}
    if prefix.condition in ("right_prefix", "own_right"):
        return facts
    if prefix.harmful is not None:
        facts["harmful"] = float(prefix.harmful)
    after = _own_steps(output[turn.end :] if turn is not None and recognized else output)
    wrong = _result(prefix.last)
    facts["parroted"] = float(bool(after) and _repeats(prefix.last, after[0]))
    if recognized and prefix.right_step is not None and _result(prefix.right_step) != wrong:
        facts["corrected"] = float(any(_result(step) == _result(prefix.right_step) for step in after))
    return facts


def recheck_facts(question: str, prefix: Prefix, output: str) -> dict[str, float]:
    """What an output did that had to begin with the last step of its prefix, worked out again.

    `recognized`: it reflects right after that. `redrawn_same`: the step is the same. `redrawn_right`: it is right, if
    that can be told.
    """
    again, _, rest = output.partition("\n")
    turn = find_reflection(rest)
    facts = {
        "recognized": float(turn is not None and not rest[: turn.start].strip()),
        "redrawn_same": float(again.split() == prefix.last.split()),
    }
    story = read_story(question)
    if story is not None:
        step = read_step(again)
        facts["redrawn_right"] = float(step is not None and is_right_step(story, step))
    return facts


def recheck_before_doubt(prefix: Prefix, output: str) -> tuple[str, ...]:
    """The lines that come before a model can doubt the last step of a prefix: none, or those that work it out again."""
    lines = output.splitlines()
    if prefix.forced:
        return (prefix.forced, *lines[:1])
    return tuple(lines[:2]) if lines and announces(lines[0]) else ()


def _own_steps(text: str) -> list[str]:
    lines = split_steps(text)
    return [lines[place] for place in own_places(lines)]


def _repeats(wrong: str, step: str) -> bool:
    """Whether a step says the same as a wrong one, or computes the same thing with the same wrong result."""
    if step.lower().split() == wrong.lower().split():
        return True
    opening = _NUMBER.split(wrong, maxsplit=1)[0].strip()
    return bool(opening) and step.startswith(opening) and _result(step) == _result(wrong)


def _result(step: str) -> str | None:
    numbers = _NUMBER.findall(step)
    return numbers[-1] if numbers else None


def _figures() -> Iterator[Figure]:
    breakdowns = {"injected": ("error_type", "steps"), "own": ("steps", "harmful")}
    recognized = fact("recognized")
    for condition in WRONG_PREFIXES:
        only, by = (condition,), breakdowns[condition]
        yield share_of(f"{condition}_recognized", f"{condition}: recognized", only, recognized, by)
        yield share_of(f"{condition}_corrected", f"{condition}: corrected, if recognized", only, fact("corrected"), by)
        yield share_of(f"{condition}_repeated", f"{condition}: error repeated", only, fact("parroted"))
        yield share_of(f"{condition}_right", f"{condition}: right in the end", only, is_right, by)
    yield share_of("right_prefix_right", "right prefix: right in the end", _RIGHT_PREFIX, is_right, ("steps",))
    yield share_of("right_prefix_reflection", "right prefix: false reflection", _RIGHT_PREFIX, recognized, ("steps",))
    yield share_of("own_right_right", "own right step: right in the end", ("own_right",), is_right, ("steps",))
    yield share_of("own_right_reflection", "own right step: false reflection", ("own_right",), recognized, ("steps",))
    for condition, after in zip(FORCED, ("own", "right prefix", "own right step"), strict=True):
        only = (condition,)
        groups = ("harmful",) if condition == "own_forced" else ()
        label = f"{after}, reflection forced"
        yield share_of(f"{condition}_repeated", f"{label}: same step again", only, fact("parroted"), groups)
        yield share_of(f"{condition}_next_right", f"{label}: next step right", only, fact("next_right"), groups)
        yield share_of(f"{condition}_right", f"{label}: right in the end", only, is_right, groups)
    terms = counts_of(under(("own",), recognized), under(("own_right",), recognized))
    label = "own recognized less false reflections"
    yield Figure("own_recognized_less_false", label, ("own", "own_right"), terms, of_shares(np.subtract), 4)
    label = "AUC of a reflection's first word, own wrong against own right steps"
    yield separation("doubt_auc", label, "doubt", ("own",), ("own_right",))
    label = "AUC of the step's least probable word, own wrong against own right steps"
    yield separation("confidence_auc", label, "unsureness", ("own",), ("own_right",))
    yield from _recheck_figures()
    yield share_of("accuracy_forbidden", "accuracy, reflections barred", ("forbidden",), is_right)
    yield share_of("accuracy_free", "accuracy, reflections free", ("plain",), greedy(is_right))
    yield share_of("accuracy_oracle", "accuracy, reflection behind the first wrong step only", ("oracle",), is_right)
    label = "greedy, reflection behind the first wrong step"
    yield share_of("oracle_repeated", f"{label}: same step again", ("oracle",), fact("parroted"))
    yield share_of("oracle_next_right", f"{label}: next step right", ("oracle",), fact("next_right"))
    for name, label, part in (
        ("gap_recognized", "injected - own: recognized", recognized),
        ("gap_right", "injected - own: right in the end", is_right),
    ):
        terms = counts_of(*(under((condition,), part) for condition in WRONG_PREFIXES))
        yield Figure(name, label, WRONG_PREFIXES, terms, of_shares(np.subtract), 4)


def _recheck_figures() -> Iterator[Figure]:
    recognized = fact("recognized")
    for condition, after in zip(RECHECKED, ("own", "own right step"), strict=True):
        only, label = (condition,), f"{after}, worked out again"
        said = "recognized" if condition == "own_rechecked" else "false reflection"
        yield share_of(f"{condition}_reflection", f"{label}: {said}", only, recognized)
        yield share_of(f"{condition}_same", f"{label}: the same again", only, fact("redrawn_same"))
        yield share_of(f"{condition}_redrawn_right", f"{label}: right the second time", only, fact("redrawn_right"))
        yield share_of(f"{condition}_right", f"{label}: right in the end", only, is_right)
    wrong, right = ((condition,) for condition in RECHECKED)
    terms = counts_of(under(wrong, recognized), under(right, recognized))
    label = "worked out again: recognized less false reflections"
    yield Figure("rechecked_recognized_less_false", label, RECHECKED, terms, of_shares(np.subtract), 4)
    same = fact("redrawn_same")
    terms = counts_of(under(right, same), under(wrong, same))
    label = "worked out again: own right steps that come out the same, less own wrong ones"
    yield Figure("rechecked_same_less_wrong", label, RECHECKED, terms, of_shares(np.subtract), 4)
    label = "worked out again: AUC of a reflection's first word"
    yield separation("rechecked_doubt_auc", label, "doubt", wrong, right)
    label = "AUC of the probability that the step comes out the same again"
    yield separation("redraw_auc", label, "otherwise", wrong, right)


FIGURES = tuple(_figures())
