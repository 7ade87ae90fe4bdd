"""Why no row was usable, or no error was made: the most frequent reason, its first detail, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

_EXPECTED = "Give rows with question and answer (GSM8K), or with problem and solution (MATH)"
_MAP = "Name your columns with --columns question=NAME,solution=NAME,answer=NAME"
_ADVICE = {
    "missing_field": _MAP,
    "wrong_type": _MAP,
    "empty_field": _MAP,
    "empty_solution": "These rows have no worked solution: use `lemma sample` or `lemma eval`, or name the column that "
    "has them with --columns solution=NAME",
    "no_answer": f"End each solution with `#### 72` or `\\boxed{{72}}`, or add an answer column. {_MAP}",
    "several_answers": "Name a column with the one gold answer with --columns answer=NAME",
    "answers_differ": "Name the right columns with --columns solution=NAME,answer=NAME, or take these rows out",
    "several_turns": "Give conversations with one question each",
    "unreadable_options": "Write options as a list, or as `a ) 70 , b ) 74`",
    "needs_image": "Take rows with images out",
    "invalid_problem": "All of these are marked as invalid; take other rows",
    "not_a_problem": "Give the problems.jsonl of that run instead",
    "not_utf8": "Save the file as UTF-8",
    "invalid_json": "Put one JSON object on each line",
    "line_too_long": "Put each row on a line of its own",
}
_TEACHER = "Symbolic injection reads arithmetic only: use --teacher for other solutions"
_MAKE = {
    "nothing to change": "The solutions have no equation that can be changed. " + _TEACHER,
    "answer_not_numeric": "The gold answers are no numbers. " + _TEACHER,
    "answer_not_computed": "The gold answers are no results of the solutions' equations. " + _TEACHER,
    "solution_too_long": "The solutions are too long. " + _TEACHER,
    "unreadable_equation": "The equations can't be read. " + _TEACHER,
}
_LONGEST_DETAIL = 300
_MOST_COLUMNS = 20


def no_usable_problem(data: str, columns: Collection[str], reasons: Counter[str], details: Mapping[str, str]) -> str:
    """The message for data without a usable row. `details` has the first detail of each reason."""
    names = sorted(columns)
    listed = ", ".join(names[:_MOST_COLUMNS]) + (", ..." if len(names) > _MOST_COLUMNS else "")
    found = f"columns found: {listed or 'none'}"
    if not reasons:
        return f"{data} holds no usable problem: it has no rows ({found}). {_EXPECTED}"
    ((reason, times),) = reasons.most_common(1)
    others = ", ".join(f"{other} ({count:,})" for other, count in reasons.most_common(3)[1:])
    also = f"; others as {others}" if others else ""
    return (
        f"{data} holds no usable problem: {times:,} of {reasons.total():,} rows rejected as {reason} "
        f"({details[reason][:_LONGEST_DETAIL]}){also}; {found}. {_ADVICE.get(reason, _EXPECTED)}"
    )


def no_error_made(problems: int, rejected: Mapping[str, int], refused: Mapping[str, int], see: str) -> str:
    """The message for problems of which no error was made.

    `rejected` counts problems, `refused` the single attempts; `see` is the file with all details.
    """
    often = "".join(
        f", most often because of {reason} ({count:,})" for reason, count in Counter(rejected).most_common(1)
    )
    causes = [*dict(Counter(rejected).most_common(1)), *dict(Counter(refused).most_common(1))]
    if not refused and causes == ["no_error_proven"]:
        causes = ["nothing to change"]
    tried = "".join(f" (of single attempts: {reason})" for reason in dict(Counter(refused).most_common(1)))
    advice = next((_MAKE[cause] for cause in reversed(causes) if cause in _MAKE), f"Give other --types. {_TEACHER}")
    return f"no erroneous solution was made from {problems:,} problems{often}{tried}. See {see}. {advice}"
