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
# At the head of a step that now begins the solution, these can be left out.
_HEAD = re.compile(r"(?:then|so|next|finally|therefore|thus|hence|now|after that|in total|also)\b,?\s+", re.IGNORECASE)


def check_wording(question: str, steps: Sequence[str], order: Sequence[int]) -> None:
    """Check that the steps can be told in another order, some of them left out: `order` has their numbers.

    Raises Refusal if a step refers to the one before it and another one stands there now, if a word such as "then"
    sums up other steps than before, or if a pronoun would mean somebody else.
    """
    left_out = set(range(len(steps))).difference(order)
    names = [frozenset(_NAME.findall(step)) & _names(question, steps) for step in steps]
    for place, number in enumerate(order):
        text = steps[number]
        before = order[place - 1] if place else -1
        reference = _REFERENCE.search(text)
        if reference is not None and before != number - 1:
            raise Refusal("reference_word", f"step {number + 1}: {reference.group()}")
        word = _ORDER.search(text)
        if word is not None and set(order[:place]) != set(range(number)) - left_out:
            raise Refusal("order_word", f"step {number + 1}: {word.group()}")
        pronoun = _PRONOUN.search(text)
        own = _NAME.search(text)
        if pronoun is not None and not (names[number] and own is not None and own.start() < pronoun.start()):
            was = next((names[one] for one in range(number - 1, -1, -1) if names[one]), frozenset())
            is_now = next((names[one] for one in reversed(order[:place]) if names[one]), frozenset())
            if was != is_now:
                raise Refusal("pronoun", f"step {number + 1}: {pronoun.group()}")


def refers_back(step: str) -> bool:
    """Whether a step has a word such as "this" that stands for what the step before says."""
    return _REFERENCE.search(step) is not None


def says_operation(step: str) -> bool:
    """Whether a step says in words what its equation does, so that another expression would not fit them."""
    return _OPERATION.search(step) is not None


def _names(question: str, steps: Sequence[str]) -> frozenset[str]:
    """Words that are written with a capital within a sentence somewhere: names, not beginnings of sentences."""
    text = "\n".join((question, *steps))
    return frozenset(
        match.group() for match in _NAME.finditer(text) if re.search(r"[\w,;][ \t]$", text[: match.start()][-2:])
    )


def begun(step: str) -> str:
    """A step that begins a solution, without a "Then" or "So" at its head."""
    head = _HEAD.match(step)
    rest = step[head.end() :] if head is not None else ""
    return rest[:1].upper() + rest[1:] if rest else step
