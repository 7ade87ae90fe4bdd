"""Are two answers the same? One rule for every pair of shapes; what no rule decides is `unknown`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING

from lemma.grading.answer_shapes import (
    Answer,
    Choice,
    Collection,
    Matrix,
    Moment,
    Quantity,
    Ratio,
    Relation,
    SetOperation,
    Words,
)
from lemma.grading.expressions import Sym, symbols
from lemma.grading.quantities import compare_expressions, compare_quantities, exact_number
from lemma.grading.ratios import compare_moments, compare_ratio_with_quantity, compare_ratios, compare_with_clock
from lemma.grading.reading import read_answer
from lemma.grading.real_sets import Interval, NotRealSetError, describes_set, real_set
from lemma.grading.relations import approximate_value, compare_relations, is_label, stated_value

if TYPE_CHECKING:
    from lemma.records import Verdict


def compare(gold: Answer, answer: Answer) -> Verdict:
    """The verdict on two answers that could be read."""
    for applies, rule in _RULES:
        if applies(gold, answer):
            return rule(gold, answer)
    return "different"


def _either(*shapes: type) -> Callable[[Answer, Answer], bool]:
    return lambda gold, answer: isinstance(gold, shapes) or isinstance(answer, shapes)


def _both(shape: type) -> Callable[[Answer, Answer], bool]:
    return lambda gold, answer: isinstance(gold, shape) and isinstance(answer, shape)


def _all_of(verdicts: Iterable[Verdict]) -> Verdict:
    """`equal` if all are; `different` as soon as one is."""
    result: Verdict = "equal"
    for verdict in verdicts:
        if verdict == "different":
            return "different"
        if verdict == "unknown":
            result = "unknown"
    return result


def _compare_choices(gold: Answer, answer: Answer) -> Verdict:
    if isinstance(gold, Choice) and isinstance(answer, Choice):
        return "equal" if gold.letter == answer.letter else "different"
    choice, other = (gold, answer) if isinstance(gold, Choice) else (answer, gold)
    assert isinstance(choice, Choice)
    if isinstance(other, Quantity) and isinstance(other.expression, Sym):
        return "equal" if other.expression.name.upper() == choice.letter else "different"
    content = read_answer(choice.content) if choice.content else None
    if content is None or isinstance(content, Choice):
        return "unknown"
    return compare(content, other) if choice is gold else compare(other, content)


def _compare_words(gold: Answer, answer: Answer) -> Verdict:
    if isinstance(gold, Words) and isinstance(answer, Words):
        if gold == answer:
            return "equal"
        gold_words, answer_words = set(gold.text.split()), set(answer.text.split())
        if gold_words ^ answer_words in ({"not"}, {"never"}):
            return "different"
        return "unknown" if gold_words <= answer_words or answer_words <= gold_words else "different"
    words, other = (gold, answer) if isinstance(gold, Words) else (answer, gold)
    assert isinstance(words, Words)
    if words is gold and ("none of" in words.text or "all of" in words.text):
        return "unknown"  # `none of the above`
    if isinstance(other, Relation):
        value = stated_value(other)
        return "unknown" if value is None else _compare_words(words, value)
    return "unknown" if _may_mean(words, other) else "different"


def _may_mean(words: Words, other: Answer) -> bool:
    """Whether words may stand for something that is none: a product of letters, a noun, no or endless solutions."""
    if isinstance(other, Collection):
        return not other.items and not {"undefined", "no", "none"}.isdisjoint(words.text.split())
    if not isinstance(other, Quantity):
        return False
    if other.expression == Sym("infinity"):
        return words.text == "infinite"
    return bool(other.noun) or (bool(symbols(other.expression)) and len(words.text) <= 3)


def _compare_with_moment(gold: Answer, answer: Answer) -> Verdict:
    moment, other = (gold, answer) if isinstance(gold, Moment) else (answer, gold)
    assert isinstance(moment, Moment)
    if isinstance(other, Ratio):
        return compare_with_clock(moment, other)
    return "unknown" if isinstance(other, Quantity) else "different"


def _compare_with_ratio(gold: Answer, answer: Answer) -> Verdict:
    ratio, other = (gold, answer) if isinstance(gold, Ratio) else (answer, gold)
    assert isinstance(ratio, Ratio)
    if isinstance(other, Relation):
        value = stated_value(other)
        return "unknown" if value is None else compare(ratio, value)
    if not isinstance(other, Quantity):
        return "different"
    return compare_ratio_with_quantity(ratio, other, ratio_is_gold=ratio is gold)


def _compare_real_sets(gold: Answer, answer: Answer) -> Verdict:
    if isinstance(gold, Relation) and isinstance(answer, Relation):
        sides = [[side.expression for side in one.sides if isinstance(side, Quantity)] for one in (gold, answer)]
        if any(len(frozenset().union(*map(symbols, expressions))) > 1 for expressions in sides):  # several variables
            return compare_relations(gold, answer, compare)
    left, right = _real_set_or_none(gold), _real_set_or_none(answer)
    if left is None and right is None:
        return _compare_unread_sets(gold, answer)
    if left is None or right is None:
        unread = gold if left is None else answer
        return _compare_unread_sets(gold, answer) if _may_be_set(unread) else "different"
    if list(map(attrgetter("closed"), left)) != list(map(attrgetter("closed"), right)):
        return "different"
    ends, other_ends = (chain.from_iterable(map(attrgetter("ends"), side)) for side in (left, right))
    return _all_of(map(compare_expressions, ends, other_ends))


def _real_set_or_none(answer: Answer) -> list[Interval] | None:
    if _is_one_number(answer):
        answer = Collection("\\{", "\\}", (answer,))
    elif isinstance(answer, Collection) and not answer.opening and all(map(_is_one_number, answer.items)):
        answer = answer._replace(opening="\\{", closing="\\}")
    try:
        return real_set(answer)
    except NotRealSetError:
        return None


def _may_be_set(answer: Answer) -> bool:
    """Whether an answer that was not read as a set may be one all the same, with variables at its ends."""
    if isinstance(answer, Relation | SetOperation):
        return describes_set(answer)
    items = answer.items if isinstance(answer, Collection) else ()
    return any(isinstance(item, Quantity) and bool(symbols(item.expression)) for item in items)


def _is_one_number(answer: Answer) -> bool:
    return isinstance(answer, Quantity) and answer.expression != Sym("blackboard R")


def _compare_unread_sets(gold: Answer, answer: Answer) -> Verdict:
    r"""Intervals whose ends have variables, `x \in \{1, 2\}` and the like: by their written form."""
    inner = [
        side.sides[1] if isinstance(side, Relation) and side.operators == ("\\in",) else side for side in (gold, answer)
    ]
    if inner != [gold, answer]:
        return compare(*inner)
    if isinstance(gold, Collection) and isinstance(answer, Collection):
        return _compare_collections(gold, answer)
    if isinstance(gold, Relation) and isinstance(answer, Relation):
        return compare_relations(gold, answer, compare)
    return "unknown"


def _compare_with_relation(gold: Answer, answer: Answer) -> Verdict:
    """An equation against something else: `x = 5` states 5."""
    relation, other = (gold, answer) if isinstance(gold, Relation) else (answer, gold)
    assert isinstance(relation, Relation)
    if isinstance(other, Collection) and not other.opening and not isinstance(stated_value(relation), Collection):
        if not any(map(is_label, relation.sides)) and any(isinstance(item, Relation) for item in other.items):
            return "unknown"  # an equation and its solutions
        return _compare_collections(_as_list(gold), _as_list(answer))
    values = [value for value in (stated_value(relation), approximate_value(relation)) if value is not None]
    verdicts = [compare(value, other) if relation is gold else compare(other, value) for value in values]
    return "equal" if "equal" in verdicts else verdicts[0] if verdicts else "unknown"


def _as_list(answer: Answer) -> Collection:
    return answer if isinstance(answer, Collection) else Collection("", "", (answer,))


def _compare_with_single(gold: Answer, answer: Answer) -> Verdict:
    """A collection against one quantity: `{5}` is 5, and nothing else with brackets is."""
    collection, other = (gold, answer) if isinstance(gold, Collection) else (answer, gold)
    assert isinstance(collection, Collection)
    if len(collection.items) == 1:
        item = collection.items[0]
        return compare(item, other) if collection is gold else compare(other, item)
    if (
        collection.items
        and not collection.opening
        and all(compare(item, other) == "equal" for item in collection.items)
    ):
        return "equal" if collection.joiner == "or" else "unknown"  # `1/2 or 0.5`; `1, 1` may be a double root
    return "unknown" if _is_decimal_comma(collection, other) else "different"


def _is_decimal_comma(collection: Collection, other: Answer) -> bool:
    """Whether `3,14` may be meant as 3.14."""
    if collection.opening or len(collection.items) != 2 or not isinstance(other, Quantity):
        return False
    numbers = [exact_number(item.expression) for item in collection.items if isinstance(item, Quantity)]
    value = exact_number(other.expression)
    return value is not None and ".".join(map(str, numbers)) == str(float(value))


def _compare_matrices(gold: Answer, answer: Answer) -> Verdict:
    left, right = _as_rows(gold), _as_rows(answer)
    if left is None or right is None:
        return "different"
    if isinstance(gold, Collection) or isinstance(answer, Collection):
        # A vector in parentheses is neither a row nor a column.
        left, right = _flat(left), _flat(right)
    if len(left) != len(right) or any(len(one) != len(other) for one, other in zip(left, right, strict=False)):
        return "different"
    return _all_of(
        compare(one, other)
        for left_row, right_row in zip(left, right, strict=True)
        for one, other in zip(left_row, right_row, strict=True)
    )


def _as_rows(answer: Answer) -> Sequence[Sequence[Answer]] | None:
    if isinstance(answer, Matrix):
        return answer.rows
    if not isinstance(answer, Collection) or answer.opening == "\\{":
        return None
    if all(isinstance(item, Collection) for item in answer.items):
        return [item.items for item in answer.items if isinstance(item, Collection)]
    return [answer.items]


def _flat(rows: Sequence[Sequence[Answer]]) -> Sequence[Sequence[Answer]]:
    return [[entry for row in rows for entry in row]] if min(len(rows), len(rows[0])) == 1 else rows


def _compare_collections(gold: Collection, answer: Collection) -> Verdict:
    left, right = _without_labels(gold), _without_labels(answer)
    kinds = {_bracket_kind(left), _bracket_kind(right)}
    if kinds <= {"bare", "set"}:
        return _compare_unordered(left, right, strict=kinds == {"bare"})
    if "set" in kinds:
        same = _compare_unordered(left, right, strict=False)
        longer = len(left.items) > 2 and "[" in (left.opening, right.opening)
        return "unknown" if longer and same != "different" else "different"
    if "bare" in kinds:
        in_order = _compare_in_order(left, right)
        if in_order != "different" or _bracket_kind(left) != "bare":
            return in_order
        return "different" if _compare_unordered(left, right, strict=True) == "different" else "unknown"
    may_be_intervals = len(left.items) == 2 and "\\langle" not in (left.opening, right.opening)
    if may_be_intervals and (left.opening, left.closing) != (right.opening, right.closing):
        return "different"
    return _compare_in_order(left, right)


def _bracket_kind(collection: Collection) -> str:
    return {"": "bare", "\\{": "set"}.get(collection.opening, "tuple")


def _without_labels(collection: Collection) -> Collection:
    """`x = 1 or x = 2` as `1 or 2`, and `y = 3, x = 5` as the pair (5, 3)."""
    relations = [item for item in collection.items if isinstance(item, Relation) and item.operators == ("=",)]
    by_label = {repr(relation.sides[0]): stated_value(relation) for relation in relations}
    if collection.opening or not relations or None in map(stated_value, relations):
        return collection
    if len(by_label) == 1:
        items = tuple(stated_value(item) or item if isinstance(item, Relation) else item for item in collection.items)
        return collection._replace(items=items)
    if len(by_label) != len(collection.items):
        return collection
    return Collection("(", ")", tuple(value for _, value in sorted(by_label.items()) if value is not None))


def _compare_in_order(gold: Collection, answer: Collection) -> Verdict:
    if len(gold.items) != len(answer.items):
        return "different"
    return _all_of(compare(one, other) for one, other in zip(gold.items, answer.items, strict=True))


def _compare_unordered(gold: Collection, answer: Collection, *, strict: bool) -> Verdict:
    """Whether each item of one is in the other. Lists that agree but for repetitions are `unknown` if `strict`."""
    first = _all_of(_find(item, answer.items) for item in gold.items)
    if first == "different":
        return first
    verdict = _all_of([first, *(_find(item, gold.items) for item in answer.items)])
    return "unknown" if verdict == "equal" and strict and len(gold.items) != len(answer.items) else verdict


def _find(item: Answer, items: Sequence[Answer]) -> Verdict:
    result: Verdict = "different"
    for other in items:
        verdict = compare(item, other)
        if verdict == "equal":
            return verdict
        if verdict == "unknown":
            result = verdict
    return result


def are_of_one_kind(gold: Answer, answer: Answer) -> bool:
    """Whether two answers are both scalars, matrices or relations, or collections in the same brackets."""
    if isinstance(gold, Collection) and isinstance(answer, Collection):
        return (gold.opening, gold.closing) == (answer.opening, answer.closing)
    return type(gold) is type(answer) and isinstance(gold, Quantity | Matrix | Relation | SetOperation)


def rational_value(answer: Answer) -> Fraction | None:
    """The rational number that an answer states: of a quantity, an equation `x = 5`; else None."""
    if isinstance(answer, Relation):
        value = stated_value(answer)
        return None if value is None else rational_value(value)
    return exact_number(answer.expression) if isinstance(answer, Quantity) else None


# The first rule that applies to the shapes of gold and answer decides.
_RULES: tuple[tuple[Callable[[Answer, Answer], bool], Callable[..., Verdict]], ...] = (
    (_either(Choice), _compare_choices),
    (_both(Ratio), compare_ratios),
    (_both(Moment), compare_moments),
    (_either(Moment), _compare_with_moment),
    (_either(Words), _compare_words),
    (_either(Ratio), _compare_with_ratio),
    (lambda gold, answer: describes_set(gold) or describes_set(answer), _compare_real_sets),
    (_both(Relation), lambda gold, answer: compare_relations(gold, answer, compare)),
    (_either(Relation), _compare_with_relation),
    (_both(Quantity), compare_quantities),
    (_either(Matrix), _compare_matrices),
    (_both(Collection), _compare_collections),
    (_either(Collection), _compare_with_single),
)
