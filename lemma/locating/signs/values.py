"""Signs in the numbers of a step, in equations or not: given, known from before, of the reference, or new."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lemma.arithmetic.equations import read_step
from lemma.arithmetic.numbers import WORD_VALUES, Value, find_numbers
from lemma.locating.formula_parser import UnreadableError
from lemma.locating.formulas import read_relations, value_of, values_of
from lemma.locating.signs.reading import Reading

_WORD = re.compile(r"[A-Za-z]+")
_PERCENT = re.compile(r"(?<![\d.])(\d{1,6}(?:\.\d{1,6})?) ?(?:\\?%|percent\b)")


def value_signs(reading: Reading) -> Iterator[dict[str, float]]:
    """The signs of each step."""
    words = [word.lower() for word in _WORD.findall(reading.question)]
    in_words = frozenset(rounded(value) for word in words for value in WORD_VALUES.get(word, ()))
    given = numbers_of(reading.question) | in_words | frozenset(_shares(reading.question))
    reference = frozenset().union(*map(numbers_of, reading.reference_steps)) - given
    value_of_gold = value_of(reading.gold_answer) if reading.gold is None else reading.gold
    gold = frozenset[float]() if value_of_gold is None else frozenset((rounded(value_of_gold),))
    stated = find_numbers(reading.texts[-1])
    answer = rounded(stated[-1].face) if stated else None
    steps = [numbers_of(text) for text in reading.texts]
    before, used = set(given), set[float]()
    for step, numbers in enumerate(steps):
        new = numbers - before
        strange = new - reference - gold
        later = frozenset().union(*steps[step + 1 :])
        yield {
            "reference_value": float(bool(new & reference)),
            "gold_value": float(bool(new & gold)),
            "one_from_gold": float(any(_makes(gold, value, given) for value in new)),
            "used_later": float(bool(new & later)),
            "new_value_used_later": float(bool((new - reference) & later)),
            "question_value_first_used": float(bool((numbers & given) - used)),
            "no_numbers": float(not numbers),
            "repeats_only": float(bool(numbers) and not new),
            "new_value": float(bool(strange)),
            "unexplained_number": float(bool(strange - _results(reading.texts[step]))),
            "answer_value": float(answer in new),
        }
        before |= numbers
        used |= numbers


def _shares(question: str) -> Iterator[float]:
    """What a percentage of the question is also written as: 20 % off is 0.2, 0.8, 80 %, or a factor of 1.2."""
    for number in _PERCENT.findall(question):
        share = float(number)
        yield from map(rounded, (share / 100, 100 - share, 100 + share, 1 - share / 100, 1 + share / 100))


def _makes(gold: frozenset[float], value: float, given: frozenset[float]) -> bool:
    """Whether one operation with a number of the question makes the gold answer of a value."""
    return any(
        rounded(made) in gold
        for other in given
        if other and value
        for made in (value + other, value - other, value * other, value / other, other / value)
    )


def numbers_of(text: str) -> frozenset[float]:
    """The magnitudes of the numbers of a text, those of formulas too."""
    return frozenset((*(rounded(number.face) for number in find_numbers(text)), *map(rounded, values_of(text))))


def _results(text: str) -> set[float]:
    """The numbers that a text computes."""
    found = {rounded(equation.result.face) for equation in read_step(text).equations}
    for relation in read_relations(text):
        if not relation.right.letters:
            try:
                found.add(rounded(relation.right.at({})))
            except UnreadableError:
                continue
    return found


def rounded(value: Value | float | complex) -> float:
    """Six digits of the magnitude, so that `1/3` and `0.333333` are one number."""
    return float(f"{abs(complex(value)):.6g}")
