"""Find reflections in text: the places where a solution doubts itself.

    >>> find_reflection("She has 3 + 4 = 8 pens.\\nWait, that isn't right. She has 7 pens.").start
    24
    >>> find_reflection("They wait 5 minutes. The right answer is 5.") is None
    True

Recognized are the phrases that lemma itself writes (`prompts/reflections/`) and the wordings that reasoning models use,
at the start of a sentence. A doubt counts whether or not it turns out to be justified.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from lemma.trajectories.checks import DOUBTS, load_checks
from lemma.trajectories.phrases import STEP_SLOT, load_phrases

_START = r"(?:^|(?<=\n)|(?<=[.!?:;] )|(?<=[.!?:;\n]\n)|(?<=\*\*))[ \t]*"
_OPENING = r"(?:(?:but|no|oh|so|and|ah|okay|ok|well|hmm+|now)[,.…!]*[ ]+){0,2}"
_INTERJECTION = (
    r"wait(?=[,.!…—:-]|\s*\n|\s+(?:a|no|that|this|i|is|let|but|what)\b)(?!\s+a\s+(?!second|minute|moment))"
    r"|hold on|hang on|oops|whoops|hmm+(?=[,.!…\s])|scratch that|scrap that|not quite(?=[.,!])|on second thought"
    r"|on reflection(?=[,.])|correction:"
)
_I = r"(?:i|we|i've|we've|i have|we have)"
_FLAW = r"(?:mistake|error|slip|problem|miscalculation|misread(?:ing)?|flaw)s?"
_FOUND = (
    rf"{_I}(?: (?:just|think|believe|must have|may have|might have|seem to have|also|have|i))* "
    rf"(?:made|make|see|noticed?|found|find|spot|spotted|reali[sz]ed?)\b[^.\n]{{0,60}}?\b{_FLAW}\b"
    r"|(?:i|we) (?:went wrong|slipped up|miscounted|misread|miscalculated|misinterpreted|forgot)\b"
    r"|i need to correct myself\b"
    r"|there(?:'s| is| was| must be) (?:a|an|some) (?:\w+ )?(?:mistake|error|slip)\b"
)
_REDO = (
    r"(?:let me|let's|let us|i(?:'ll| will| should| need to| must|'d better)|we (?:should|need to|must)) "
    r"(?:now |just |quickly |go back and |pause and )?"
    r"(?:re-?(?:check|do|calculate|compute|consider|examine|think|evaluate|verify|read|visit|work|start|trace)\b"
    r"|double[- ]check|correct (?:that|this|it|myself|the|my)\b|fix (?:that|this|it|the|my)\b"
    r"|start (?:over|again|fresh|from scratch)|begin again|go back\b|look back\b"
    r"|take (?:another|a second|a closer) look"
    r"|try (?:that|this|it|again|another|a different)\b|do (?:that|this|it) (?:again|over)|set (?:all of )?that aside)"
)
_SUBJECT = (
    r"(?:that|this|it|something|my (?:last|previous|earlier) \w+|step \d+|the (?:last|previous|above|earlier) \w+)"
)
_VERDICT = (
    rf"{_SUBJECT}(?: step| result| answer| calculation| value)?"
    r"(?: (?:is|was|seems|looks)|'s)? (?:just |clearly |all |actually )?"
    r"(?:wrong|incorrect|mistaken|off\b(?= here|\.|,)|not (?:quite )?(?:right|correct))"
    rf"|{_SUBJECT}(?: step| result| answer| calculation| value)?"
    r" (?:isn't|wasn't|can't be|cannot be|could not be|doesn't (?:look|seem|sound)|does not (?:look|seem|sound)) "
    r"(?:quite |all |at all )?(?:right|correct)\b"
    r"|(?:actually|no),? (?:that|this|it|step \d+)[^.\n]{0,30}\b(?:wrong|incorrect|not right|mistake|error)\b"
    r"|something (?:doesn't add up|went wrong|is off)"
)
_CUE = re.compile(f"{_START}{_OPENING}(?:{_INTERJECTION}|{_FOUND}|{_REDO}|{_VERDICT})", re.IGNORECASE)
_TURN = re.compile(_START)
_BEGINNING = 5  # characters by which the phrases are told apart first
_NUMBER = re.compile(r"\d+")
_SENTENCE = re.compile(r"[^.!?:\n]+[.!?:\n]*\s*")


@dataclass(frozen=True, slots=True)
class Reflection:
    """Where a reflection starts and ends, in characters of the text. Consecutive sentences are one reflection."""

    start: int
    end: int


def find_reflection(text: str) -> Reflection | None:
    """The first reflection of a text."""
    return next(find_reflections(text), None)


def find_reflections(text: str) -> Iterator[Reflection]:
    """All reflections, in order."""
    starts = {match.end() - len(match.group().lstrip()) for match in _CUE.finditer(text)}
    after_phrase = 0
    for match in _TURN.finditer(text):
        start = match.end()
        if start >= after_phrase and (end := _end_of_phrase(text, start)):
            starts.add(start)
            after_phrase = end
    open_turn: Reflection | None = None
    for start in sorted(starts):
        end = _end_of_sentence(text, start)
        if open_turn is not None and not text[open_turn.end : start].strip():
            open_turn = Reflection(open_turn.start, max(end, open_turn.end))
            continue
        if open_turn is not None and start < open_turn.end:
            continue
        if open_turn is not None:
            yield open_turn
        open_turn = Reflection(start, end)
    if open_turn is not None:
        yield open_turn


def _end_of_phrase(text: str, start: int) -> int:
    """Where the longest shipped phrase ends that starts here, or 0."""
    end = 0
    for length in range(1, _BEGINNING + 1):
        for parts in _phrases().get(text[start : start + length], ()):
            end = max(end, _end_of_parts(text, start, parts))
    return end


def _end_of_parts(text: str, start: int, parts: list[str]) -> int:
    """Where a phrase ends that starts here, with a number between any two of its parts; 0 if it does not start here."""
    if not text.startswith(parts[0], start):
        return 0
    end = start + len(parts[0])
    for part in parts[1:]:
        number = _NUMBER.match(text, end)
        if number is None or not text.startswith(part, number.end()):
            return 0
        end = number.end() + len(part)
    return end


@cache
def _phrases() -> dict[str, list[list[str]]]:
    """The shipped phrases by their first characters: the text before, between and after the numbers of steps.

    No expressions, as thousands of them take seconds to compile.
    """
    texts = {phrase.text for strategy in ("fix", "restart") for phrase in load_phrases(strategy).all}
    texts |= {phrase.text for name in DOUBTS for phrase in load_checks().by_file[name]}
    by_beginning: dict[str, list[list[str]]] = {}
    for text in texts:
        parts = text.split(STEP_SLOT)
        by_beginning.setdefault(parts[0][:_BEGINNING], []).append(parts)
    return by_beginning


def _end_of_sentence(text: str, start: int) -> int:
    sentence = _SENTENCE.match(text, start)
    end = max(_end_of_phrase(text, start), sentence.end() if sentence else 0) or len(text)
    while end < len(text) and text[end].isspace():
        end += 1
    return end
