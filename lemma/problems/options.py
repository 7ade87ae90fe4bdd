"""Multiple choice: the options of a question, shown to whoever is asked, and the right one as the gold answer.

If an option is a number, the options are shown as values, and the gold answer is a value: `75`. Otherwise they are
shown with their letters, and the gold answer has both, `B) both of them`, so that either one is graded as equal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lemma.exceptions import Refusal
from lemma.grading.verdict import exact_value
from lemma.problems.parts import text_of

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LETTERED = re.compile(r"\s*(?:\(([A-Za-z])\)|([A-Za-z])\s?[).:])\s*(.*)", re.DOTALL)
_IN_ONE_TEXT = re.compile(r"(?:^|[,;\n])\s{0,3}\(?([a-zA-Z])\s?\)")
_LONGEST_OF_OPTIONS = 10_000
_CLOSING_LETTER = re.compile(
    r"\b(?:answer|ans|option|choice)\b\s{0,3}(?:is\b\s{0,3})?:?\s{0,3}\(?[A-Za-z]\)?\s?[.\"']?$", re.I
)


def read_options(value: Any, name: str) -> dict[str, str]:
    """Options by letter: from a list, with letters or without, an object, or one text `a ) 70 , b ) 74`.

    Raises Refusal if they can't be read, or if two have one letter.
    """
    pairs: list[tuple[str, str]]
    if isinstance(value, Mapping):
        texts, labels = value.get("text"), value.get("label")
        if isinstance(texts, Sequence) and isinstance(labels, Sequence):  # ARC
            value = dict(zip(labels, texts, strict=False))
        pairs = [(str(letter).strip().upper(), text_of(text, name)) for letter, text in value.items()]
    elif isinstance(value, str):
        if len(value) > _LONGEST_OF_OPTIONS:
            raise Refusal("wrong_type", f"{name} has {len(value):,} characters, expected options")
        pieces = _IN_ONE_TEXT.split(value.strip("[]'\" "))
        pairs = [
            (letter.upper(), text.strip(" ,;'\"")) for letter, text in zip(pieces[1::2], pieces[2::2], strict=True)
        ]
    elif isinstance(value, Sequence):
        texts = [text_of(option, name) for option in value]
        lettered = [_LETTERED.fullmatch(text) for text in texts]
        if all(lettered):
            pairs = [((match[1] or match[2]).upper(), match[3].strip()) for match in lettered if match]
        else:
            pairs = list(zip(_LETTERS, texts, strict=False))
    else:
        raise Refusal("wrong_type", f"{name} is {type(value).__name__}, expected options")
    options = dict(pairs)
    if len(options) < 2 or len(options) != len(pairs) or not all(options.values()):
        raise Refusal("unreadable_options", f"{name}: {str(value)[:200]}")
    return options


def with_options(question: str, options: Mapping[str, str]) -> str:
    """A question with its options below it."""
    if _shown_as_values(options):
        return f"{question}\nChoose one of: {'; '.join(options.values())}"
    return "\n".join((question, "Options:", *(f"{letter}) {text}" for letter, text in options.items())))


def gold_option(options: Mapping[str, str], right: Any, name: str) -> str:
    """The gold answer: the right option, named by its letter, its place from 0, or its text.

    Raises Refusal if it is none of them.
    """
    if isinstance(right, int) and not isinstance(right, bool) and 0 <= right < len(options):
        letter = list(options)[right]
    else:
        stated = text_of(right, name)
        letter = stated.strip("()[]. ").upper()
        if letter not in options:
            letter = next((letter for letter, text in options.items() if text == stated), "")
    if letter not in options:
        raise Refusal("no_answer", f"{name} is {str(right)[:80]!r}, which is none of the options")
    return options[letter] if _shown_as_values(options) else f"{letter}) {options[letter]}"


def without_letter(solution: str) -> str:
    """A solution without the letter that it ends with: `... so 75 are left. ANSWER:C`."""
    return _CLOSING_LETTER.sub("", solution.strip().strip('"').strip()).strip()


def _shown_as_values(options: Mapping[str, str]) -> bool:
    return any(exact_value(text) is not None for text in options.values())
