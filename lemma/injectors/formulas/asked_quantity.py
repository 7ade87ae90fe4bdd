r"""What a question asks for, in its own words: `the degree measure of angle $AFD$`."""

from __future__ import annotations

import re

from lemma.arithmetic.latex import DRAWING

_FORMULA = r"\$[^$\n]{1,80}\$"
_WORD = r"[A-Za-z'’-]{1,20}"
_STOP = (
    r"(?=\s*(?:[.?!;,:(]|$)|\s+(?:if|when|where|given|such|so that|in terms of|as an?|in the form|to the nearest|"
    r"rounded|and|that|which|for which|who|expressed|written|assuming|after|before|while)\b)"
)
_ASKED = re.compile(
    r"\b(?:[Ww]hat(?: is|'s|’s)|[Ff]ind|[Cc]ompute|[Dd]etermine|[Cc]alculate)\s+"
    rf"(?P<what>the (?:{_FORMULA}|{_WORD})(?: (?:{_FORMULA}|{_WORD}?)){{0,14}}?|{_FORMULA}){_STOP}"
)
_BACKWARD = re.compile(r"\b(?:its|their|his|her|this|these|those|the two|the following|answer|it|them)\b")
_DISPLAY = re.compile(r"\\\[([^$\n]{1,80}?)\\\]")
_FULL_STOP = re.compile(r"\\?[.,;!?]\s{0,3}\$")
_SENTENCE = re.compile(r"(?:^|[.?!]\$?\s|\n)\s{0,9}([A-Z](?:\$[^$]{1,80}\$|[^.?!\n\"“”$]){9,160}\?)")


def asked_quantity(question: str) -> str:
    """The noun phrase or the formula that a question asks for; empty if none is found, or several are."""
    found = list(_ASKED.finditer(_DISPLAY.sub(r"$\1$", DRAWING.sub(" ", question))))
    if len(found) != 1 or _BACKWARD.search(found[0]["what"]):
        return ""
    return _FULL_STOP.sub("$", found[0]["what"])


def asks(question: str, answer: str) -> str:
    """What a question asks for, with its right answer, up to the comma before the wrong one."""
    if asked := asked_quantity(question):
        return f"The problem asks for {asked}, which is {answer},"
    sentences = _SENTENCE.findall(DRAWING.sub(" ", question))
    if len(sentences) == 1:
        return f'The problem asks: "{sentences[0]}" The answer to that is {answer},'
    return f"The problem asks for another quantity, which is {answer},"
