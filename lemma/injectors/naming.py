"""What the numbers of a problem count, in the words of the problem: `the number of red pens`, `"$14 for an adult"`."""

from __future__ import annotations

import re
from functools import lru_cache

from lemma.arithmetic.graph import Link, SolutionGraph
from lemma.arithmetic.numbers import Number, Value, find_numbers
from lemma.injectors.proposal import Site, quoted_number

_NO_NOUNS = frozenset((
    "times", "less", "this", "was", "has", "his", "does", "goes", "costs", "plus", "minus", "equals", "its", "hers",
    "others", "pieces", "sells", "makes", "gives", "gets", "eats", "buys", "needs", "takes", "uses", "always",
    "whereas", "perhaps", "thus", "various", "across", "towards", "besides", "unless", "as", "is", "us", "yes",
))  # fmt: skip
_NO_ADJECTIVES = frozenset((
    "and", "or", "of", "for", "in", "on", "to", "with", "than", "as", "if", "but", "who", "that", "which", "from", "by",
    "at", "per", "an", "a", "the", "his", "her", "their", "each", "every", "is", "are", "was", "were", "when", "while",
    "so", "then", "after", "before", "because", "out", "into", "off", "over", "less", "times", "its", "my", "your",
))  # fmt: skip
_WORD = re.compile(r"[ -]([a-z]+(?:-[a-z]+)*)")
_PLURALS = frozenset(("people", "children", "men", "women", "feet", "mice", "geese", "fish", "sheep", "teeth", "deer"))
_FACTOR = re.compile(r" times\b|-?fold\b|\s?/\s?\d", re.IGNORECASE)
_SNIPPET = re.compile(r"(?: (?!(?:and|but|which|who|if|so|while|when|then|because|or)\b)[A-Za-z][A-Za-z'-]*){1,4}")
_QUANTIFIERS = ("more", "other", "additional", "extra", "new", "less", "fewer", "different")


@lru_cache(maxsize=4096)
def noun_behind(text: str, end: int) -> str | None:
    """The plural noun behind a place, with up to two words before it: `red pens` after the 20 of `20 red pens`."""
    words: list[str] = []
    for _ in range(3):
        match = _WORD.match(text, end)
        if match is None:
            return None
        word, end = match.group(1), match.end()
        words.append(word)
        if is_plural(word):
            while words[0] in _QUANTIFIERS and len(words) > 1:
                words.pop(0)
            return " ".join(words)
        if word in _NO_ADJECTIVES:
            return None
    return None


def is_plural(word: str) -> bool:
    """Whether a word looks like a plural noun."""
    plural = word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3 and word not in _NO_NOUNS
    return plural or word in _PLURALS


@lru_cache(maxsize=4096)
def numbers_of(question: str) -> tuple[Number, ...]:
    """The numbers of a question in digits."""
    return tuple(find_numbers(question))


def nouns(graph: SolutionGraph, face: Value) -> set[str]:
    """What the question counts with a number, as the last words of its nouns."""
    found = (noun_behind(graph.question, number.end) for number in numbers_of(graph.question) if number.face == face)
    return {noun.split()[-1] for noun in found if noun is not None}


def is_counted(site: Site, operand: Number, result: Number) -> bool:
    """Whether an operand may stand for what a result counts: not 15 apps for $60, nor the 2 of `twice`."""
    question = site.graph.question
    stated = [number for number in numbers_of(question) if number.face == operand.face]
    computed = any(link.results for _, number, link in site.operands() if number == operand)
    if any(_FACTOR.match(question, number.end) for number in stated) or not (stated or computed):
        return False
    counted = nouns(site.graph, operand.face)
    behind = noun_behind(site.text, operand.end)
    counted |= {behind.split()[-1]} if behind is not None else set()
    unit = noun_behind(site.text, result.end)
    if result.currency and not operand.currency:
        return not counted
    return unit is None or not counted or unit.split()[-1] in counted


def described(graph: SolutionGraph, number: Number, face: Value, link: Link | None = None) -> str:
    """A value with what it stands for: `20, the number of red pens,` or `$14 ("$14 for an adult")`; a result with its
    step: `35, the number of apples from step 1,`.
    """
    shown = quoted_number(graph, number, face)
    if link is not None and link.results:
        source = link.results[-1]
        step, result = graph.step_of[source], graph.equations[source].result
        noun = None if graph.latex else noun_behind(graph.steps[step], result.end)
        what = f"the number of {noun} from step {step + 1}" if noun is not None else f"the result of step {step + 1}"
        return f"{shown}, {what},"
    if graph.latex:
        return shown
    places = [found for found in numbers_of(graph.question) if found.face == face]
    behind = {noun_behind(graph.question, place.end) for place in places}
    if len(behind) == 1 and not number.currency and not number.percent:
        noun = behind.pop()
        if noun is not None:
            return f"{shown}, the number of {noun},"
    snippet = _SNIPPET.match(graph.question, places[0].end) if len(places) == 1 else None
    if snippet is not None:
        start = places[0].start - (graph.question[places[0].start - 1 : places[0].start] == "$")
        return f'{shown} ("{graph.question[start : snippet.end()]}")'
    return shown
