r"""From the text of an answer to its shape. Reads only; compares and computes nothing.

>>> read_answer(r"x \in [-2, 7)")
Relation(operators=('\\in',), sides=(..., Collection(opening='[', closing=')', ...)))
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from typing import Literal

from lemma.grading.answer_shapes import (
    Answer,
    Choice,
    Collection,
    Matrix,
    Quantity,
    Ratio,
    Relation,
    SetOperation,
    Words,
)
from lemma.grading.dates import read_moment
from lemma.grading.expressions import TRIGONOMETRIC, Call, Expr, ExpressionReader, Num, Sym, UnreadableError, branches
from lemma.grading.notation import normalize_notation
from lemma.grading.number_words import replace_number_words
from lemma.grading.phrases import DOUBTFUL_NOUNS, spell_arithmetic
from lemma.grading.tokens import Token, TooLongError, tokenize
from lemma.grading.units import SHORT_NAMES, find_unit, read_unit

RELATIONS = frozenset(["=", "<", ">", "\\le", "\\ge", "\\ne", "\\approx", "\\equiv", "\\in", "\\cong"])
_SET_OPERATORS = ("\\cup", "\\cap", "\\setminus")
_MATRICES = frozenset(["pmatrix", "bmatrix", "matrix", "Bmatrix", "smallmatrix", "array"])
_CURRENCY_SIGNS = frozenset(["$", "€", "£", "¥", "₹"])
_MAX_ITEMS = 60

_CHOICE = re.compile(r"(?:(?:[Oo]ption|[Cc]hoice|[Aa]nswer)\s+)?(?:([A-Z])\s*[.):]?|\(([A-Za-z])\)[.:]?)")
_CHOICE_AND_CONTENT = re.compile(r"(?:(?:[Oo]ption|[Cc]hoice)\s+)?(?:\(([A-Z])\)|([A-Z])[.):])[\s:]+(\S.*)", re.DOTALL)
_TEXT_WRAPPER = re.compile(r"\\(?:text|mbox|textbf|textit|textrm|mathrm|textnormal|operatorname)\s*\{([^{}]*)\}")
_WORDS_ONLY = re.compile(
    r"(?:[A-Za-z'.,!?\s]|(?<=\w)-(?=\w)|\\(?:text|mbox|textbf|textit|textrm|mathrm)\s*\{[^{}\d]*\})+"
)
_MATHEMATICAL_WORDS = re.compile(
    r"\\?\b(?:text|mbox|textbf|textit|textrm|mathrm|and|or|arc(?=sin|cos|tan)|sin|cos|tan|cot|sec|csc|log|ln|exp|sqrt|inf(?:inity)?)(?![a-z])"
)
# A run of letters that can be said is a word, and so is one of capitals (HHT, ABC); others, as `xyz`, are products.
_PRONOUNCEABLE = re.compile(r"(?=[A-Za-z]{3})[A-Za-z]*[aeiouyAEIOUY]|\b[Uu]p\b|^\s*[A-Z]{3,}\s*$")
_RATIO_IN_WORDS = re.compile(r"^\s*(\d+)\s+(?:to|out\s+of)\s+(\d+)\s*$")
_SAID_TWICE = re.compile(r"^\s*(\d+)\s+\(\1\)")
_NOISE_WORDS = frozenset(
    ["a", "an", "the", "it", "is", "are", "to", "due", "they", "he", "she", "this", "in", "at", "on", "answer"]
)
_FILLERS = frozenset(["about", "approximately", "approx", "only", "exactly", "around", "roughly", "base", "just"])
_LEADING_TEXTS = frozenset(["the answer is", "the final answer is", "answer", "final answer", "the answer", "result"])
_NOTHING = Collection("\\{", "\\}", ())
_REALS = Quantity(Sym("blackboard R"))
_PHRASES: dict[str, Answer] = {
    **dict.fromkeys(
        [
            "no solution", "no solutions", "no real solution", "no real solutions", "none", "empty set", "null set",
            "there is no solution", "there are no solutions", "no such number", "no such value", "no real roots",
            "\\emptyset", "\\{\\}", "\\{ \\}", "{}", "x \\in \\emptyset",
        ],
        _NOTHING,
    ),
    **dict.fromkeys(["all real numbers", "all reals", "any real number", "the real numbers", "real numbers"], _REALS),
    **dict.fromkeys(["undefined", "not defined", "does not exist", "dne"], Words("undefined")),
    **dict.fromkeys(
        ["infinite", "infinitely many", "infinitely many solutions", "infinite solutions"], Words("infinite")
    ),
    **dict.fromkeys(["yes", "true"], Words("yes")),
    **dict.fromkeys(["no", "false"], Words("no")),
}  # fmt: skip


@lru_cache(maxsize=4096)
def read_answer(text: str) -> Answer | None:
    """The shape of an answer; None if it is in no form known here."""
    normal = normalize_notation(text)
    if not normal:
        return None
    plain = _TEXT_WRAPPER.sub(r" \1 ", normal).strip()
    simple = plain.lower().strip(" .!")
    if simple in _PHRASES:
        return _PHRASES[simple]
    if choice := _CHOICE.fullmatch(plain):
        return Choice((choice.group(1) or choice.group(2)).upper(), "")
    if choice := _CHOICE_AND_CONTENT.fullmatch(plain):
        return Choice((choice.group(1) or choice.group(2)).upper(), choice.group(3))
    moment = read_moment(plain)
    if moment is not None:
        return moment
    return _read_structure(normal, plain)


def _read_structure(normal: str, plain: str) -> Answer | None:
    # `\text{10 cm}` is a number and its unit: the wrapper goes if there is a digit in it.
    text = _TEXT_WRAPPER.sub(
        lambda match: f" {match.group(1)} " if any(map(str.isdigit, match.group(1))) else match.group(), normal
    )
    text = spell_arithmetic(replace_number_words(text))
    if _WORDS_ONLY.fullmatch(text) and _PRONOUNCEABLE.search(_MATHEMATICAL_WORDS.sub(" ", text)):
        return _read_words(plain)
    try:
        return _read_list(tokenize(_SAID_TWICE.sub(r"\1", _RATIO_IN_WORDS.sub(r"\1:\2", text))))
    except (UnreadableError, TooLongError):
        return _read_words(plain)


def _read_words(plain: str) -> Words | None:
    """The text of an answer that is made of words only."""
    words = re.findall(r"[A-Za-z']+", plain)
    if not words or re.search(r"[\d\\^_=<>{}+*/|]", plain) or len(words) > 12:
        return None
    kept = [word.lower() for word in words if word.lower() not in _NOISE_WORDS]
    return Words(" ".join(kept or [word.lower() for word in words]))


def _split(tokens: Sequence[Token], is_separator: Callable[[Token], bool]) -> tuple[list[list[Token]], list[str]]:
    """The parts of tokens between separators outside of all brackets, and the separators."""
    parts: list[list[Token]] = [[]]
    separators: list[str] = []
    depth = 0
    for token in tokens:
        depth += (token.kind == "open") - (token.kind == "close")
        if depth < 0:
            raise UnreadableError("a bracket closes that was not opened")
        if depth == 0 and token.kind == "operator" and is_separator(token):
            parts.append([])
            separators.append(token.text)
        else:
            parts[-1].append(token)
    if depth:
        raise UnreadableError("a bracket is not closed")
    return parts, separators


def _read_list(tokens: Sequence[Token]) -> Answer:
    parts, separators = _split(tokens, lambda token: token.text in (",", ";", "or", "and"))
    items = [item for part in parts if part for item in _read_branches(part)]
    if not items or len(items) > _MAX_ITEMS:
        raise UnreadableError("nothing to read")
    if len(items) == 1:
        return items[0]
    joiner: Literal[",", "or", "and"] = "or" if "or" in separators else "and" if "and" in separators else ","
    return _sum_of_quantities(items) or Collection("", "", tuple(items), joiner)


def _read_branches(tokens: Sequence[Token]) -> list[Answer]:
    r"""One item, or the two that `\pm` makes of it."""
    item = _read_item(tokens)
    if isinstance(item, Quantity):
        return [item._replace(expression=branch) for branch in branches(item.expression)]
    if isinstance(item, Relation) and isinstance(last := item.sides[-1], Quantity):
        return [
            Relation(item.operators, (*item.sides[:-1], last._replace(expression=branch)))
            for branch in branches(last.expression)
        ]
    return [item]


def _read_item(tokens: Sequence[Token]) -> Answer:
    tokens = _strip_lead(tokens)
    if not tokens:
        raise UnreadableError("nothing to read")
    for operator in _SET_OPERATORS:
        parts, separators = _split(tokens, lambda token, operator=operator: token.text == operator)  # type: ignore[misc]
        if separators:
            # `x \in A \cup B` is a relation whose last side is the union.
            sides, memberships = _split(parts[0], lambda token: token.text == "\\in")
            operation = SetOperation(operator, tuple(map(_read_item, [sides[-1], *parts[1:]])))
            return Relation(("\\in",), (_read_item(sides[0]), operation)) if memberships else operation
    parts, separators = _split(tokens, lambda token: token.text in RELATIONS)
    if separators:
        return _read_relation(separators, parts)
    if tokens[0].kind == "open" and tokens[-1].kind == "close":
        depths = accumulate((token.kind == "open") - (token.kind == "close") for token in tokens[:-1])
        if all(depths):  # the first token opens what the last one closes
            return _read_group(tokens)
    parts, separators = _split(tokens, lambda token: token.text == ":")
    if separators:
        return Ratio(tuple(map(_read_quantity, parts)), _clock_time([[token.text for token in part] for part in parts]))
    return _read_quantity(tokens)


def _read_relation(operators: Sequence[str], parts: Sequence[Sequence[Token]]) -> Relation:
    first = _read_side(parts[0]) if parts[0] else Quantity(Sym("x"))  # `> 5`
    middle = tuple(map(_read_side, parts[1:-1]))
    if any(isinstance(side, Quantity) and side.noun for side in middle):
        raise UnreadableError("words between two relations")  # `x = 2 when y = 3`
    return Relation(tuple(operators), (first, *middle, _read_item(parts[-1])))


def _clock_time(parts: list[list[str]]) -> tuple[int, int] | None:
    """The time that `9:05` may be; `9:5` is none."""
    if len(parts) != 2 or any(len(part) != 1 or not part[0].isdigit() for part in parts) or len(parts[1][0]) != 2:
        return None
    hours, minutes = int(parts[0][0]), int(parts[1][0])
    return (hours, minutes) if hours < 24 and minutes < 60 and len(parts[0][0]) <= 2 else None


def _strip_lead(tokens: Sequence[Token]) -> Sequence[Token]:
    """Without what may stand before an answer: `= 5`, `approximately 5`, `only 5`."""
    while tokens and (
        tokens[0].text in ("=", "\\approx", "\\therefore", "\\Rightarrow", "\\implies")
        or (len(tokens) > 1 and tokens[0].kind == "word" and tokens[0].text.lower() in _FILLERS)
        or (len(tokens) > 1 and tokens[0].kind == "text" and tokens[0].text.lower().rstrip(" :=") in _LEADING_TEXTS)
    ):
        tokens = tokens[1:]
    return tokens


def _read_side(tokens: Sequence[Token]) -> Answer:
    r"""A side of a relation that is not its last: what is not an expression is a label (`m\angle A = 30`)."""
    try:
        return _read_item(tokens)
    except UnreadableError:
        return Words(" ".join(token.text for token in tokens))


def _read_group(tokens: Sequence[Token]) -> Answer:
    opening, closing, inner = tokens[0].text, tokens[-1].text, tokens[1:-1]
    if opening in _MATRICES:
        rows, _ = _split(inner, lambda token: token.text == "\\\\")
        entries = [_split(row, lambda token: token.text == "&")[0] for row in rows if row]
        if not entries or len({len(row) for row in entries}) != 1:
            raise UnreadableError("rows of different lengths")
        return Matrix(tuple(tuple(map(_read_item, row)) for row in entries))
    if opening.isalpha() or opening in ("\\lfloor", "\\lceil"):
        return _read_quantity(tokens)
    return _read_bracketed(tokens, opening, closing, inner)


def _read_bracketed(tokens: Sequence[Token], opening: str, closing: str, inner: Sequence[Token]) -> Answer:
    if opening == "\\{":
        # The condition after the bar of `\{x \mid x > 3\}` is what the answer says.
        parts, bars = _split(inner, lambda token: token.text in ("|", ":"))
        if len(bars) == 1 and len(parts[0]) <= 4:
            return _read_list(parts[1])
    parts, separators = _split(inner, lambda token: token.text in (",", ";"))
    if not separators and opening != "\\{":
        # `(x + 1)` is a quantity, and brackets around one thing that has brackets of other kinds only group it.
        is_quantity = opening == "(" and all(token.kind != "open" or token.text in ("(", "{") for token in inner)
        return _read_quantity(tokens) if is_quantity else _read_list(inner)
    items = tuple(item for part in parts if part for item in _read_branches(part))
    if len(items) > _MAX_ITEMS:
        raise UnreadableError("too many items")
    return Collection("\\{", "\\}", items) if opening in ("{", "\\{") else Collection(opening, closing, items)


def _read_quantity(tokens: Sequence[Token]) -> Quantity:
    tokens = _strip_lead(tokens)
    currency, tokens = _take_currency(tokens)
    # The expression ends where, outside of all brackets, a unit, a noun or a percent sign begins.
    depths = accumulate((token.kind == "open") - (token.kind == "close") for token in tokens)
    end = next((at for at, depth in enumerate(depths) if at and not depth and _begins_unit(tokens, at)), len(tokens))
    number, following = _read_named_base(list(tokens[:end]), tokens[end:])
    percent_words = 0
    if following and (following[0].text == "%" or following[0].text.lower().startswith("percent")):
        percent_words = 1
    elif [token.text.lower() for token in following[:2]] == ["per", "cent"]:
        percent_words = 2
    following = following[percent_words:]
    if number[0].kind == "based":
        if len(number) > 1:
            raise UnreadableError("arithmetic in a number base")
        quantity = _with_unit(Num(number[0].value), currency, following)
        return quantity._replace(percent=percent_words > 0, base=number[0].base)
    expression = ExpressionReader(_spell_products(number)).read()
    quantity = _with_unit(expression, currency, following)
    decimals = number[-1].decimals if len(number) <= 2 and isinstance(expression, Num) else 0
    return quantity._replace(percent=percent_words > 0, decimals=decimals)


def _read_named_base(number: list[Token], following: Sequence[Token]) -> tuple[list[Token], Sequence[Token]]:
    """`1202 base 3` as `1202_3`; any other number, which may not be empty, and what follows it as they are."""
    if not number:
        raise UnreadableError("no expression")
    if number[0].kind == "based" or not following or following[0].text.lower() != "base":
        return number, following
    if len(number) == 1 and len(following) == 2 and following[1].kind == "number":
        based = tokenize(f"{number[0].text}_{{{following[1].text}}}")
        if based[0].kind == "based":
            return based, []
    raise UnreadableError("an unreadable number base")


def _take_currency(tokens: Sequence[Token]) -> tuple[str, Sequence[Token]]:
    sign = list(tokens[:1]) if tokens and tokens[0].text in ("-", "+") else []
    rest = tokens[len(sign) :]
    if rest and rest[0].text.upper() in ("US", "USD", "RS") and len(rest) > 1:
        rest = [token for token in rest[1:] if token.text != "."] if rest[1].text != "$" else rest[1:]
        if rest[0].text != "$":
            return ("rs" if tokens[len(sign)].text.upper() == "RS" else "usd"), [*sign, *rest]
    if rest and rest[0].text in _CURRENCY_SIGNS:
        return rest[0].text, [*sign, *rest[1:]]
    return "", tokens


def _begins_unit(tokens: Sequence[Token], at: int) -> bool:
    token = tokens[at]
    after_number = token.spaced and tokens[at - 1].kind in ("number", "close")
    if token.kind == "word":
        return len(token.text) > 3 or after_number or find_unit(token.text) is not None
    if token.kind == "symbol":
        return token.text in SHORT_NAMES and after_number and _is_short_unit(tokens, at)
    if token.text == "\\degree":
        # In `\sin 30^\circ + 1`, the sign is a part of the number.
        is_last = all(other.kind != "number" for other in tokens[at:])
        return is_last and all(other.text not in TRIGONOMETRIC for other in tokens)
    return token.kind == "text" or token.text in ("%", "¢", *_CURRENCY_SIGNS)


def _is_short_unit(tokens: Sequence[Token], at: int) -> bool:
    """Whether the `m` of `5 m` is meters: after a number without letters, with at most a power or `/s` after it."""
    is_number = all(token.kind not in ("symbol", "function", "word") for token in tokens[:at])
    of_units = ("^", "/", "*", "\\cdot", "-", "sec")
    return is_number and len(tokens) - at <= 9 and all(
        token.kind in ("number", "symbol", "word", "open", "close") or token.text in of_units for token in tokens[at:]
    )  # fmt: skip


def _spell_products(tokens: Sequence[Token]) -> list[Token]:
    """`xy` is x times y; longer runs of letters are words, and no expression has words."""
    spelled: list[Token] = []
    for token in tokens:
        if token.kind == "word" and len(token.text) <= 3:
            spelled.extend(Token("symbol", letter) for letter in token.text)
        elif token.kind == "text" and len(token.text) == 1:
            spelled.append(Token("symbol", token.text))
        else:
            spelled.append(token)
    return spelled


def _with_unit(expression: Expr, currency: str, following: Sequence[Token]) -> Quantity:
    # `5 feet 3 inches`: a number after a unit, and something after it, is the next quantity of a sum.
    number_at = next(
        (
            at
            for at in range(1, len(following) - 1)
            if following[at].kind == "number" and following[at - 1].kind in ("word", "text", "symbol")
        ),
        None,
    )
    if number_at is not None:
        first = _with_unit(expression, currency, following[:number_at])
        total = _sum_of_quantities([first, _read_quantity(following[number_at:])])
        if total is None:
            raise UnreadableError("two quantities side by side")
        return total
    words = _unit_words(following)
    found = read_unit([*([currency] if currency else []), *words])
    rest = [word.lower() for word in words[found[1] if found else 0 :]]
    if any(word in DOUBTFUL_NOUNS or word.removesuffix("s") in DOUBTFUL_NOUNS for word in rest):
        raise UnreadableError("words that change the number in an unknown way")
    if found:
        return Quantity(expression, found[0])
    noun = " ".join(word.lower().removesuffix("s") for word in words if word.lower() not in _NOISE_WORDS)
    return Quantity(expression, noun=noun)


def _unit_words(tokens: Sequence[Token]) -> list[str]:
    r"""Names, `/`, `per` and powers from what follows a number: `\text{ cm}^2`, `km/h`, `\degree C`."""
    words: list[str] = []
    power, sign = False, ""
    for token in tokens:
        if token.text == "^":
            power, sign = True, ""
        elif power and token.text == "-":
            sign = "-"
        elif token.kind == "number" and power:
            words.append(f"^{sign}{token.text}")
            power = False
        elif token.kind == "number":
            raise UnreadableError("a number among words")
        elif token.text in ("/", "*", "\\cdot", "-"):
            words.append(token.text)
        elif token.text == "\\degree":
            words.append("degree")
        elif token.kind == "function" and token.text == "sec":
            words.append("s")
        elif token.kind in ("word", "text", "symbol"):
            words.extend(re.findall(r"\^\{?\d\}?|[A-Za-z¢]+|/", token.text))
    if words[:1] == ["degree"] and len(words) > 1:
        temperature = {"c": "celsius", "f": "fahrenheit", "celsius": "celsius", "fahrenheit": "fahrenheit"}
        return [temperature.get(words[1].lower(), "degree")]
    # `degrees Celsius` is Celsius.
    return words[1:] if len(words) == 2 and words[0].lower().startswith("degree") else words


def _sum_of_quantities(items: Sequence[Answer]) -> Quantity | None:
    """`2 hours and 30 minutes` as one quantity, in the first of its units; None for a list of several."""
    first = items[0]
    if not isinstance(first, Quantity) or first.unit is None:
        return None
    total, smallest = first.expression, first.unit.scale
    for item in items[1:]:
        if not isinstance(item, Quantity) or item.unit is None or item.unit.dimensions != first.unit.dimensions:
            return None
        if item.unit.scale >= smallest:
            return None
        smallest = item.unit.scale
        total = Call("add", (total, Call("mul", (item.expression, Num(Fraction(smallest, 1) / first.unit.scale)))))
    return Quantity(total, first.unit)
