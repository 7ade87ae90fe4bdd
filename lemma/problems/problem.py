"""From a row to a problem: the same one, with the same id, in every command."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from lemma.exceptions import Refusal
from lemma.grading.languages import foreign_answer
from lemma.grading.verdict import extract_answer, is_no_gold_answer, verdict
from lemma.problems.gold import gold_in, is_worked
from lemma.problems.parts import Parts, Row, Sample, filled, text_of, unpacked
from lemma.problems.samples import samples_in
from lemma.problems.shapes import shape_of
from lemma.records import Problem, content_id
from lemma.steps import split_steps, split_thought, without_answer_line

ROLES = ("question", "solution", "answer")
_WORD = re.compile(r"(?<![\\A-Za-z])[^\W\d_]{2,}")
_BOX_ALONE = re.compile(r"^[\s$*]*\\boxed\s*\{.*\}[\s$.*]*$", re.DOTALL)
_HAS_VALUE = re.compile(r"\d|\\")
_STATED = re.compile(r"\\boxed|####|\banswer(?: is|:)|^[ \t]*A:", re.I | re.M)


def read_row(
    row: Row, columns: Mapping[str, str], source: str, *, solved: bool, answered: bool
) -> tuple[Problem, tuple[Sample, ...]]:
    """The problem of a row, and the solutions by models in it. `columns` are paths or templates by role.

    Raises Refusal if the row is no problem, if it has no worked solution and `solved` is set, or if it has no answer
    and `answered` is set.
    """
    row = unpacked(row)
    parts = _mapped(row, columns)
    if not parts.question:
        raise Refusal("empty_field", "the question is empty")
    solution, answer, unsolved = _solution_and_answer(parts)
    is_no_gold = bool(answer) and is_no_gold_answer(answer)
    if solution and answer and not is_no_gold and _differ(answer, solution):
        if not parts.from_model:
            raise Refusal("answers_differ", f"the answer is {answer[:80]!r}, but the solution ends in another one")
        solution, unsolved = "", f"the solution doesn't end in the gold answer {answer[:80]!r}"
    if is_no_gold:
        if answered:
            raise Refusal("no_answer", f"the answer {answer!r} is no gold answer")
        answer = ""
    elif not answer and solution:
        answer = gold_in(solution) if answered else _gold_or_nothing(solution)
    if solved and not split_steps(solution):
        raise Refusal("empty_solution", unsolved or "there are no solution steps")
    if answered and not answer:
        raise Refusal("no_answer", "no final answer is given, and none was found in the solution")
    problem = Problem(
        id=content_id(parts.question, solution, answer),
        question=parts.question,
        solution=solution,
        answer=answer,
        source=source,
    )
    samples = parts.samples or tuple(samples_in(row))
    if not parts.answer:  # a solution can't be graded against the answer that was read from it
        # A column that holds the reference is no sample; a model named as its author may have written the same.
        samples = tuple(
            sample
            for sample in samples
            if isinstance(row.get(sample.model), Mapping) or sample.text.strip() not in (parts.solution, solution)
        )
    return problem, samples


def _mapped(row: Row, columns: Mapping[str, str]) -> Parts:
    """The parts of a row by its shape, except for those that `--columns` names."""
    mapped = {}
    for role, place in columns.items():
        value = filled(row, place)
        if value is None:
            raise Refusal("missing_field", f"no {place} among the columns {', '.join(map(str, row))}")
        mapped[role] = text_of(value, place)
        if role == "question" and not mapped[role]:
            raise Refusal("empty_field", f"{place} is empty")
    if set(mapped) >= set(ROLES):
        return Parts(mapped["question"], mapped["solution"], mapped["answer"])
    try:
        parts = shape_of(row).read(row)
    except Refusal:
        if "question" not in mapped:
            raise
        parts = Parts("")  # without the mapped column, the row has no shape
    if "solution" in mapped:
        parts = replace(parts, from_model=False, unsolved="")
    return replace(
        parts,
        question=mapped.get("question", parts.question),
        solution=mapped.get("solution", parts.solution),
        answer=mapped.get("answer", parts.answer),
    )


def _solution_and_answer(parts: Parts) -> tuple[str, str, str]:
    """The worked solution and the answer, each in its place, without thoughts; and why there is no solution."""
    thought, said = split_thought(parts.solution)
    solution, unsolved = (said or "").strip(), parts.unsolved
    if said is None:
        unsolved = f"the solution ends in the middle of a thought: {thought[-80:]!r}"
    answer = (split_thought(parts.answer)[1] or "").strip()
    if not solution and is_worked(answer):
        solution, answer = answer, ""
    elif solution and _is_bare(solution) and (answer or _HAS_VALUE.search(solution)):
        # Some data sets have the bare answer in the solution's column, such as DAPO and AIME.
        solution, answer, unsolved = "", answer or solution, unsolved or "the solution is only an answer"
    if _HAS_VALUE.search(answer) and _is_said(answer):
        answer = gold_in(answer)
    return solution, answer, unsolved


def _is_bare(solution: str) -> bool:
    """Whether a solution is only an answer."""
    steps = without_answer_line(split_steps(solution))
    if len(steps) != 1:
        return not steps
    if "\\boxed" in solution:
        return not _BOX_ALONE.sub("", solution)
    return "=" not in solution and len(_WORD.findall(solution)) < 3


def _is_said(answer: str) -> bool:
    """Whether an answer is said in a sentence, or marked, rather than just written."""
    if "####" in answer or "\\boxed" in answer or "nswer" in answer or foreign_answer(answer):
        return True
    return answer.endswith((".", "!", "\u3002")) and len(_WORD.findall(answer)) >= 3


def _gold_or_nothing(solution: str) -> str:
    try:
        return gold_in(solution)
    except Refusal:
        return ""


def _differ(answer: str, solution: str) -> bool:
    """Whether a solution says, in so many words, another answer than the gold one."""
    if not _STATED.search(solution):
        return False
    found = extract_answer(solution)
    return found is not None and found != answer and verdict(answer, solution) == "different"
