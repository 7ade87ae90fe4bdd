"""Words that tie a step to the steps around it: a solution in another order must not leave them senseless.

>>> check_wording("", ("He buys 2 * 3 = 6 pens.", "This costs 6 * 2 = 12.", "He has 4 + 5 = 9."), (0, 2, 1))
Traceback (most recent call last):
lemma.exceptions.Refusal: step 2: This
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lemma.exceptions import Refusal

# These stand for what the step before says. "That" and "which" do so only where a clause begins.
_REFERENCE = re.compile(
    r"(?:^|[.;,]\s*|\b(?:and|of|to|for|from|by|than|at|in|on|with|so|if|is|are|was)\s+)(?:that|which)\b(?! means)"
    r"|\b(?:this(?! means)|these|those|its|it(?! (?:takes|took|(?:will|would) take))|such|the same"
    r"|the (?:latter|former)|them)\b",
    re.IGNORECASE,
)
# These say what has been told so far.
_ORDER = re.compile(
    r"\b(?:first(?:ly)?|second(?:ly)?|third(?:ly)?|then|next|finally|lastly|last|after(?:wards?)?|before|now|later|"
    r"subsequently|meanwhile|also|too|as well|additionally|furthermore|moreover|besides|but|however|though|although|"
    r"still|instead|again|another|others?|else|rest|remaining|remainder|remains?|left|former|latter|already|both|"
    r"since|because|so|(?:that|this|which) means|thus|hence|therefore|accordingly|step \d+)\b|^\W*\d+[.):]\s",
    re.IGNORECASE,
)
_OPERATION = re.compile(
    r"\b(?:multipl(?:y|ied|ying)|divid(?:e|ed|ing)|subtract(?:ed|ing)?|add(?:ed|ing)?)\b", re.IGNORECASE
)
_PRONOUN = re.compile(r"\b(?:he|she|they|him|her|hers|his|their|theirs|we|our|i|my)\b", re.IGNORECASE)
_NAME = re.compile(r"\b[A-Z][a-z]+(?:[’'][a-z]+)?\b")
_DATE = re.compile(
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|Christmas)\b"
)
_DEFINITE = re.compile(r"\b(?:the|his|her|their|its|that|those|these)\s([a-z]+)", re.IGNORECASE)
_WORD = re.compile(r"[a-z]+")
_CONCLUSION = re.compile(r"(?:so|thus|hence|therefore|then)\b", re.IGNORECASE)
_WITHIN = re.compile(r"[\w,;][ \t]")
# These go on from the step before.
_GOES_ON = re.compile(r"(?:and|then|but|or|plus|also)\b", re.IGNORECASE)


def check_wording(question: str, steps: Sequence[str], order: Sequence[int]) -> None:
    """Check that the steps can be told in another order, some of them left out: `order` has their numbers.

    Raises Refusal if a step refers to the one before it and another one stands there now, if a word such as "then"
    sums up other steps than before, or if a pronoun would mean somebody else.
    """
    left_out = set(range(len(steps))).difference(order)
    names = _names(question, steps)
    for place, number in enumerate(order):
        text = steps[number]
        reference, word = _REFERENCE.search(text), _ORDER.search(text)
        if reference is not None and (order[place - 1] if place else -1) != number - 1:
            raise Refusal("reference_word", f"step {number + 1}: {reference.group()}")
        if word is not None and set(order[:place]) != set(range(number)) - left_out:
            raise Refusal("order_word", f"step {number + 1}: {word.group()}")
        if place and order[place - 1] != number - 1 and _GOES_ON.match(text):
            raise Refusal("order_word", f"step {number + 1}: {text.split()[0]}")
        told = [steps[one] for one in order[:place]]
        if _needs_somebody(text, names) and _named_last(steps[:number], names) != _named_last(told, names):
            raise Refusal("pronoun", f"step {number + 1}")


def check_continuation(question: str, solution: Sequence[str], cut: int, prefix: Sequence[str]) -> None:
    """Check that a solution can be continued from step `cut` behind a prefix in place of its own first steps.

    Raises Refusal if the pronoun of the step would mean somebody else.
    """
    names = _names(question, (*prefix, *solution))
    if _needs_somebody(solution[cut], names):
        last = _named_last(prefix, names)
        if last and last != _named_last(solution[:cut], names):
            raise Refusal("pronoun", solution[cut])


def named_again(question: str, earlier: str, later: str) -> bool:
    """Whether a step speaks of what an earlier one has brought up: "the muffins", if the question has no muffins."""
    things = {match.group(1).lower() for match in _DEFINITE.finditer(later)}
    new = set(_WORD.findall(earlier.lower())).difference(_WORD.findall(question.lower()))
    return not things.isdisjoint(new)


def is_told_in_order(step: str) -> bool:
    """Whether a step begins with "First", "Next" or the like, and is no conclusion."""
    return _ORDER.match(step) is not None and not is_conclusion(step)


def refers_back(step: str) -> bool:
    """Whether a step has a word such as "this" that stands for what the step before says."""
    return _REFERENCE.search(step) is not None


def goes_on(step: str) -> bool:
    """Whether a step begins with "And" or the like."""
    return _GOES_ON.match(step) is not None


def is_conclusion(step: str) -> bool:
    """Whether a step begins with "So" or the like."""
    return _CONCLUSION.match(step) is not None


def says_operation(step: str) -> bool:
    """Whether a step says in words what its equation does, so that another expression would not fit them."""
    return _OPERATION.search(step) is not None


def _names(question: str, steps: Sequence[str]) -> frozenset[str]:
    """Words that are written with a capital within a sentence somewhere: names, not beginnings of sentences."""
    text = "\n".join((question, *steps))
    within = (match for match in _NAME.finditer(text) if _WITHIN.match(text, max(0, match.start() - 2), match.start()))
    return frozenset(match.group() for match in within if not _DATE.match(match.group()))


def _needs_somebody(step: str, names: frozenset[str]) -> bool:
    """Whether a step has a pronoun, and no name before it that it could stand for."""
    pronoun = _PRONOUN.search(step)
    own = next((match.start() for match in _NAME.finditer(step) if match.group() in names), len(step))
    return pronoun is not None and pronoun.start() < own


def _named_last(steps: Sequence[str], names: frozenset[str]) -> frozenset[str]:
    """Who is named in the last step that names anybody."""
    return next((found for step in reversed(steps) if (found := names.intersection(_NAME.findall(step)))), frozenset())
