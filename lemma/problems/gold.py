r"""The gold answer that a worked solution states. It is never guessed from a text that names several answers.

>>> gold_in("She has 3 + 4 = 7 pens.")
'7'
>>> gold_in("There are 3 pens and 4 books.")
Traceback (most recent call last):
lemma.exceptions.Refusal: the last sentence names several numbers: There are 3 pens and 4 books.
"""

from __future__ import annotations

import re

from lemma.exceptions import Refusal
from lemma.grading.languages import foreign_answer
from lemma.grading.verdict import exact_value, extract_answer, verdict
from lemma.steps import ANNOTATION, split_steps, without_answer_line

_BOXED = re.compile(r"\\boxed\s*\{((?:[^{}\n]|\{(?:[^{}\n]|\{[^{}\n]{0,200}\}){0,200}\}){1,300})\}")
_MARKED = re.compile(r"####[ \t]*(\S[^\n]{0,300})")
_SAID = re.compile(
    r"\banswer(?: is:|:| is)[ \t]*(?=[^\s.])([^\n]{1,300}?)(?=\.?\s*$|\.\s|,? (?:because|since)\b)", re.I | re.M
)
_AFTER_NUMBER = re.compile(r"(?<=\d) (?:(?:that is )?left|remaining|in (?:all|total)|altogether|together|now)$")
_A_LINE = re.compile(r"^[ \t]*A: ?\S", re.M)
_EQUALS = re.compile(r"[=≈→]")
_VERB_AND_NUMBER = re.compile(r"\b(?:is|are|be|was|were|equals)\s+(?=[$*(\\]{0,4}-?[\d.])")
_CONDITION = re.compile(r"\b(?:if|when|where|than|while|but|whereas|for every|per)\b|[;:]", re.I)
_MOST_STATEMENTS = 20


def gold_in(solution: str) -> str:
    """The final answer of a worked solution.

    Raises Refusal if it states none, or several: two boxes that differ, or a last sentence with several numbers.
    """
    found = extract_answer(solution)
    if found is None:
        raise Refusal("no_answer", "no final answer is given, and none was found in the solution")
    stated = [*_BOXED.findall(solution), *_MARKED.findall(solution), *_SAID.findall(solution)][-_MOST_STATEMENTS:]
    for other in stated:
        if other.strip() not in found and verdict(found, other) == "different":
            raise Refusal("several_answers", f"the solution states {other.strip()[:80]!r} and {found[:80]!r}")
    if stated or _A_LINE.search(solution) or foreign_answer(solution):
        return found
    return _from_prose(solution)


def _from_prose(solution: str) -> str:
    """What the last sentence says, if that is one number, or one behind its only verb with a number: `is 576 cm.`"""
    steps = split_steps(ANNOTATION.sub("", solution))
    last = _EQUALS.split(steps[-1])[-1] if steps else ""
    verbs = list(_VERB_AND_NUMBER.finditer(last))
    if len(verbs) == 1 and not _CONDITION.search(last, verbs[0].end()):
        last = last[verbs[0].end() :]
    found = extract_answer(last)
    if found is None or not any(map(str.isdigit, found)):
        raise Refusal("no_answer", "no final answer is given, and none was found in the solution")
    is_one = "\\" in found or exact_value(found) is not None
    if not is_one or any(map(str.isdigit, last.replace(found, "", 1))):
        raise Refusal("several_answers", f"the last sentence names several numbers: {steps[-1][-200:]}")
    return _AFTER_NUMBER.sub("", found)


def is_worked(text: str) -> bool:
    """Whether a text is a worked solution, and not just an answer, however it is said."""
    steps = without_answer_line(split_steps(text))
    if not steps:
        return False
    if len(steps) > 1 or "####" in text:
        return True
    words = re.findall(r"[^\W\d_]{2,}", re.sub(r"\\[a-zA-Z]+", " ", text))
    # In some scripts words have no spaces between them: a computation with an answer line after it is worked too.
    in_words = len(words) > 1 or (foreign_answer(text) is not None and not foreign_answer(steps[0]))
    return in_words and "=" in text
