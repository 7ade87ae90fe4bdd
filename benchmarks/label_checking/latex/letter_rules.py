"""The rules for formulas with letters: one changed formula is false, as its type says, and all others follow."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice, pairwise

import mpmath  # type: ignore[import-untyped, unused-ignore]

from label_checking.latex.answers import same_answer
from label_checking.latex.chains import Chain, read_step
from label_checking.latex.derivations import (
    TURNED,
    Knowledge,
    Link,
    Statement,
    follows,
    is_bound,
    is_replacement,
    links_of,
    root_of,
    sign_of,
    statements_in,
)
from label_checking.latex.last_box import is_same_up_to_box
from label_checking.latex.mutations import MADE_BY_CHANGE, ONE, TWO, mutations
from label_checking.latex.number_theory import true_of_numbers
from label_checking.latex.terms import DIGITS, Number, PointError, Tree, is_zero, letters, negative, same, tree, value
from label_checking.latex.text import numbers_in, parts_of
from label_checking.reading import Finding
from lemma.records import ErroneousSolution

# Types that claim one false formula. The others claim that every formula of the error step holds in itself.
_FALSE_TYPES = MADE_BY_CHANGE | {"calculation_error", "inequality_direction_error", "inverse_operation_error"}
LETTER_TYPES = _FALSE_TYPES - {"calculation_error", "unit_conversion_error"} | {"lost_root_error", "wrong_case_error"}
MAX_MUTATIONS = 400
TWICE = "a side stands twice in a chain"
_JUDGES = re.compile(
    r"\b(?:even|odd|positive(?! difference)|negative|must|largest|smallest|greatest|least|larger|smaller)\b"
)
READ = "changed formulas from the error step on: read"


def claims_false(record: ErroneousSolution) -> bool:
    """Whether the type claims that one formula of the error step is false. A conversion is one only with pi, a confused
    formula only if a binomial coefficient is worked out as if orders counted.
    """
    if record.error_type == "formula_confusion_error":
        return re.search(r"was not divided by|were not divided out", record.explanation) is not None
    is_angle = record.error_type != "unit_conversion_error" or "\\pi" in record.steps[record.located_step]
    return record.error_type in _FALSE_TYPES and is_angle


@dataclass(slots=True)
class _Run:
    """A solution read side by side with its reference."""

    record: ErroneousSolution
    right: Knowledge = field(default_factory=Knowledge)
    wrong: Knowledge = field(default_factory=Knowledge)
    untrue: list[Statement] = field(default_factory=list)
    coverage: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Falsity:
    """A changed formula that is false: what it says, what the reference says, and the side before it, if any."""

    now: Statement
    due: Statement
    is_identity: bool
    text: str


def check_letters(record: ErroneousSolution) -> tuple[list[Finding], Counter[str]]:
    """All findings on the formulas from the error step on, and how many of the changed ones were read."""
    run = _Run(record)
    for text in (record.question, *record.reference_steps[: record.located_step]):
        for statement in statements_in(_chains(text)):
            run.right.add(statement)
            run.wrong.add(statement)
    findings = [*_steps(run), *_words(record)]
    how = "read" if set(run.coverage) == {READ} else "not read" if run.coverage else "none"
    run.coverage[f"records, formulas from the error step on: {how}"] += 1
    return findings, run.coverage


def _chains(text: str) -> tuple[Chain, ...]:
    """The chains of a text; `\\boxed{x < 4}` is one like any other."""
    return read_step(re.sub(r"\\boxed\s*\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}", _unboxed, text)).chains


def _unboxed(box: re.Match[str]) -> str:
    return f" {box[1]} " if re.search(r"[<>]|\\[lg]eq?(?![a-z])", box[1]) else box.group()


def _steps(run: _Run) -> Iterator[Finding]:
    record, at = run.record, run.record.located_step
    if record.error_type == "lost_root_error":
        yield from _lost_root(run)
        return
    for index in range(at, len(record.steps)):
        reference = record.reference_steps[index] if index < len(record.reference_steps) else ""
        pairs = _pairs(_chains(reference), _chains(record.steps[index]))
        # What stands behind the answer may be left out; otherwise as many steps stand for the same ones.
        are_same = len(record.steps) == len(record.reference_steps) or claims_false(record)
        if pairs is None or not are_same:
            texts = [
                {side.text for chain in _chains(text) for side in chain.sides}
                for text in (reference, record.steps[index])
            ]
            if index == at and claims_false(record) and texts[1] <= texts[0]:
                yield Finding("error step: no changed formula is false", record.steps[at][:200])
            run.coverage["changed formulas from the error step on: steps that do not line up"] += 1
            return
        part = "error step" if index == at else "later step"
        if part == "error step" and record.error_type == "wrong_case_error":
            yield from _wrong_case(run, pairs)
        false, unread = [], 0
        for due, now in pairs:
            found = list(_compare(run, due, now, claims_false(record) or part == "later step"))
            unread += None in found
            false += [each for each in found if each is not None]
        yield from _judge(run, part, false, unread, pairs)


def _words(record: ErroneousSolution) -> Iterator[Finding]:
    """From the error step on, words repeat no number that the error changed, and judge no value."""
    at = record.located_step
    is_meant = claims_false(record) or record.error_type in LETTER_TYPES
    if not is_meant or len(record.steps) != len(record.reference_steps):
        return
    right, wrong = ([list(parts_of(step)) for step in steps[at:]] for steps in (record.reference_steps, record.steps))
    lost = _shown(record.reference_steps[at:]) - _shown(record.steps[at:])
    lost -= numbers_in("\n".join([record.question, *record.steps[:at]]))
    # What stands before the last result, if only that is another one, judges what is right.
    judges = not is_same_up_to_box(record.reference_steps[at], record.steps[at])
    for place, parts in enumerate(wrong, at):
        words = " ; ".join(part.text for part in parts if not part.is_formula)
        if _states_bound(record, place) or _keeps_sign(record):
            words = re.sub(r"\b(?:smallest|largest|greatest|least)\b", " ", words)
        if _keeps_sign(record):
            words = re.sub(r"\b(?:positive|negative|must)\b", " ", words)
        if lost & numbers_in(words):
            yield Finding("text: the words repeat a number that the error changed", words[:200])
        if not judges:
            continue
        if record.error_type in LETTER_TYPES - {"wrong_case_error"} and parts not in right and _JUDGES.search(words):
            yield Finding("text: the words judge a value in a changed step", words[:200])


def _keeps_sign(record: ErroneousSolution) -> bool:
    """Whether the signs in two factors are turned, and the answer is a root with the sign of the right one."""
    one, other = (sign_of(tree(text) or ("v", "?")) for text in (record.gold_answer, record.final_answer))
    return one == other is not None and "multiplied out, that has the other sign in the middle" in record.explanation


def _states_bound(record: ErroneousSolution, place: int) -> bool:
    """Whether a step says the end of an inequality before it: `the smallest one is $x = 4$`."""
    earlier = [each for text in (record.question, *record.steps[: place + 1]) for each in statements_in(_chains(text))]
    return any(is_bound(each, earlier, {}) for each in statements_in(_chains(record.steps[place])))


def _shown(steps: Sequence[str]) -> set[Fraction]:
    """The numbers that formulas come to, and those in formulas with letters."""
    found: set[Fraction] = set()
    formulas = [f"${part.text}$" for step in steps for part in parts_of(step) if part.is_formula]
    for side in (side for text in formulas for chain in _chains(text) for side in chain.sides):
        found |= {each for each in side.values if isinstance(each, Fraction)} or numbers_in(side.text)
    return found


def _pairs(due: tuple[Chain, ...], now: tuple[Chain, ...]) -> list[tuple[Chain, Chain]] | None:
    """The chains of two steps side by side, None if they don't line up."""
    due, now = (tuple(chain for chain in chains if chain.relations) for chains in (due, now))
    return list(zip(due, now, strict=True)) if len(due) == len(now) else None


def _compare(run: _Run, due: Chain, now: Chain, is_derived: bool) -> Iterator[_Falsity | None]:
    """The false formulas of a chain; None for one whose truth is not known."""
    # What can't be read and stands in both is a name for itself: `5 \\star 1`, `\\angle ABC`.
    opaque = frozenset(side.text for side in due.sides) & {side.text for side in now.sides}
    right, wrong = links_of(due, opaque), links_of(now, opaque)
    is_changed = [side.text for side in due.sides] != [
        side.text for side in now.sides
    ] or due.relations != now.relations
    if right is None or wrong is None:
        if is_changed:
            run.coverage["changed formulas from the error step on: not read"] += 1
            yield None
        return
    if is_changed:
        if run.record.error_type in LETTER_TYPES and _stands_twice(now) and not _stands_twice(due):
            yield _Falsity(wrong[0].statement, right[0].statement, False, TWICE)
        found = list(_changed(run, right, wrong))
        # Another value in a type that claims all hold is derived from nothing.
        is_read = None not in found or (not is_derived and None not in [link.holds for link in wrong])
        run.coverage[f"changed formulas from the error step on: {'read' if is_read else 'not derived'}"] += 1
        yield from found
    for links, knowledge in ((right, run.right), (wrong, run.wrong)):
        for link in links:
            # A false identity gives no other: `n = 0` is a multiple of every one that is wrong by a multiple of n.
            if link.holds is not True and link.statement not in run.untrue:
                knowledge.add(link.statement)
        # `y = -4(4) + 25 = 41` says that y is 41, however false its last link is.
        if (
            len(links) > 1
            and links[0].statement.left[0] == "v"
            and {link.statement.relation for link in links} == {"="}
        ):
            knowledge.add(Statement(links[0].statement.left, "=", links[-1].statement.right))


def _stands_twice(chain: Chain) -> bool:
    """Whether two neighboring sides are the same letter by letter."""
    texts = [re.sub(r"\s|\\boxed|[{}]", "", side.text) for side in chain.sides]
    return any(one == other for one, other in pairwise(texts))


def _changed(run: _Run, right: list[Link], wrong: list[Link]) -> Iterator[_Falsity | None]:
    """Compare the links of a changed chain with the reference's."""
    if None in [link.holds for link in (*right, *wrong)]:
        yield None
        return
    due = [link.statement for link in right if not link.holds]
    now = [link.statement for link in wrong if not link.holds]
    if len(wrong) == len(right):
        for link, other in zip(wrong, right, strict=True):
            yield from _link(run, other, link)
    elif len(due) == len(now):
        for pair in zip(due, now, strict=True):
            yield from _statement(run, *pair)
    elif len(now) > len(due):
        for statement in now[len(due) :]:
            yield from _link(run, Link(statement, True), Link(statement, False))
    else:
        yield None


def _link(run: _Run, due: Link, now: Link) -> Iterator[_Falsity | None]:
    if now.holds:
        return
    if not letters(now.statement.difference) <= letters(due.statement.difference):
        yield None
    elif not due.holds:
        yield from _statement(run, due.statement, now.statement)
    elif is_replacement(now, run.wrong, run.untrue) or (
        letters(now.statement.difference) and follows(now.statement, run.wrong)
    ):
        run.untrue.append(now.statement)
    else:
        run.untrue.append(now.statement)
        yield _Falsity(now.statement, due.statement, True, "")


def _statement(run: _Run, due: Statement, now: Statement) -> Iterator[_Falsity | None]:
    if now == due:
        return
    was, is_now = follows(due, run.right), follows(now, run.wrong)
    if is_now and was and _is_last_root(due, run.right) and not _is_last_root(now, run.wrong):
        is_now = False  # it follows from what was said before the error, not from the wrong formula
    run.right.add(due)
    if is_now:
        run.wrong.add(now)
    elif was and is_now is False:
        yield _Falsity(now, due, False, "")
        run.wrong.add(now)
    else:
        yield None
        run.wrong.add(now)


def _is_last_root(statement: Statement, knowledge: Knowledge) -> bool:
    """Whether a linear equation in one letter has the root of the last one before it in this letter."""
    with mpmath.workdps(DIGITS):
        found = root_of(statement, {})
        roots = [root_of(each, {}) for each in knowledge.statements if letters(each.difference) == {found and found[0]}]
        return bool(found is None or not roots or roots[-1] is None or is_zero(found[1] - roots[-1][1]))


def _judge(
    run: _Run, part: str, false: list[_Falsity], unread: int, pairs: list[tuple[Chain, Chain]]
) -> Iterator[Finding]:
    error_type = run.record.error_type
    step = run.record.steps[run.record.located_step][:200]
    if any(each.text == TWICE for each in false):
        yield Finding(f"{part}: {TWICE}", step)
    false = [each for each in false if each.text != TWICE]
    if part == "later step":
        for _ in false:
            yield Finding("later step: a changed formula does not follow from the wrong one", error_type)
        return
    if error_type in ("wrong_case_error",):
        return
    if not claims_false(run.record):
        if any(each.is_identity for each in false):
            yield Finding("error step: a formula with letters is false in a type that claims all hold", step)
        return
    is_changed = any(due.sides != now.sides or due.relations != now.relations for due, now in pairs)
    if not false and not unread and is_changed:
        yield Finding("error step: no changed formula is false", step)
    if len(false) > 1:
        yield Finding("error step: more than one changed formula is false", step)
    if false and not _fits(run, false[0]):
        yield Finding(f"error step: {error_type}: the false formula is not what this type makes", step)


def _fits(run: _Run, false: _Falsity) -> bool:
    """Whether the false formula is what an error of this type makes of a true one."""
    error_type = run.record.error_type
    if error_type == "calculation_error":
        return _is_one_term_off(false)
    if error_type == "inequality_direction_error":
        now, due = false.now, false.due
        return (now.left, now.right) == (due.left, due.right) and now.relation == TURNED[due.relation] != "="
    if error_type == "formula_confusion_error":
        return true_of_numbers(run.record)
    made = islice(mutations(false.now.left, error_type), MAX_MUTATIONS) if false.is_identity else ()
    is_made = any(same(each, false.now.right) for each in made) or _is_flipped_result(false, error_type)
    is_made = is_made or _is_wrong_root(run, false.now, error_type)
    if false.is_identity or is_made or error_type == "inverse_operation_error":
        return is_made or (error_type == "inverse_operation_error" and is_wrongly_undone(run, false.now))
    # A statement: some earlier one with the error in it leads to it.
    known = Knowledge(values={name: set(found) for name, found in run.right.values.items()})
    for each in (*run.right.statements[-8:], false.due):
        whole: Tree = ("=", each.left, each.right)
        for _, left, right in islice(mutations(whole, error_type), MAX_MUTATIONS):
            source = Knowledge(values={k: v for k, v in known.values.items() if k not in letters(false.now.left)})
            source.add(Statement(left, each.relation, right))
            if follows(false.now, source):
                return True
    return False


def _is_wrong_root(run: _Run, now: Statement, error_type: str) -> bool:
    """Whether `x = b` is what an error of a type makes of the root of c, for `x^2 = c` before it."""
    for each in run.right.statements if error_type in ("exponent_law_error", "inverse_operation_error") else ():
        if each.left == ("^", now.left, TWO) and now.left[0] == "v":
            root: Tree = ("^", each.right, ("/", ONE, TWO))
            made = mutations(root, "exponent_law_error")
            if any(same(wrong, now.right) for wrong in islice(made, MAX_MUTATIONS)):
                return True
    return False


def is_wrongly_undone(run: _Run, now: Statement) -> bool:
    """Whether a wrong root is what another operation makes of the factor of an earlier equation in it."""
    with mpmath.workdps(DIGITS):
        found = root_of(now, {})
        if found is None:
            return False
        name, root = found
        known = {one: number for one, number in run.right.known().items() if one != name}
        for each in run.right.statements:
            try:
                at = [value(each.difference, {**known, name: place}) for place in (Fraction(0), Fraction(1))]
            except (PointError, ArithmeticError, ValueError, KeyError):
                continue
            found_root, constant, slope = (_plain_number(one) for one in (root, at[0], at[1]))
            factor, rest = slope - constant, -constant
            if is_zero(factor) or is_zero(rest):
                continue
            # The equation may have been written the other way around.
            for unit in (1, -1, mpmath.pi, -mpmath.pi):  # and pi may have been cancelled before
                size, other = factor / unit, rest / unit
                if any(is_zero(found_root - wrong) for wrong in (other - size, other * size, size / other)):
                    return True
    return False


def _plain_number(number: Number) -> Number:
    return mpmath.mpf(number.numerator) / number.denominator if isinstance(number, Fraction) else number


def _is_flipped_result(false: _Falsity, error_type: str) -> bool:
    """Whether one term of the right result has the other sign, or all of it."""
    if error_type != "sign_error":
        return False
    turned = (negative(false.due.right), *islice(mutations(false.due.right, error_type), MAX_MUTATIONS))
    return any(same(false.now.right, each) is True for each in turned)


def _is_one_term_off(false: _Falsity) -> bool:
    """Whether two collected polynomials in one letter differ in one coefficient: their difference is one monomial."""
    difference: Tree = ("+", false.now.right, negative(false.due.right))
    names = letters(difference)
    if not false.is_identity or len(names) != 1:
        return True
    name = next(iter(names))
    try:
        one, two, four = (value(difference, {name: Fraction(place)}) for place in (1, 2, 4))
    except (PointError, ArithmeticError, ValueError):
        return True
    return bool(one * four == two * two)


def _wrong_case(run: _Run, pairs: list[tuple[Chain, Chain]]) -> Iterator[Finding]:
    """One of several values of a letter stands in place of another."""
    is_read = True
    replaced = 0
    for due, now in pairs:
        right, wrong = links_of(due), links_of(now)
        is_read &= right is not None and wrong is not None
        if right is None or wrong is None or right == wrong:
            continue
        for one, other in zip(right, wrong, strict=False):
            name, new = other.statement.left, other.statement.right
            if name[0] != "v" or letters(new) or one.statement.right == new:
                continue
            found = [each for each in run.right.statements if each.left == name and not letters(each.right)]
            cases = [any(same(each.right, side) for each in found) for side in (new, one.statement.right)]
            replaced += 1
            if cases != [True, True]:
                yield Finding("error step: wrong_case_error: the value is not one of several", str(now.sides[-1].text))
    if is_read and not replaced:
        yield Finding("error step: wrong_case_error: no value is replaced by another", str(len(pairs)))


def _lost_root(run: _Run) -> Iterator[Finding]:
    """The reference's step says one root more, and the equation has it; nothing else is changed there."""
    record, at = run.record, run.record.located_step
    due, now = (list(statements_in(_chains(steps[at]))) for steps in (record.reference_steps, record.steps))
    lost = [each for each in due if each not in now]
    same_steps = due == now or is_same_up_to_box(record.reference_steps[at], record.steps[at])
    if same_steps and "," in record.gold_answer:
        # Only the list of the answer lacks a root.
        yield from _lost_of_list(record)
        return
    if len(lost) != 1 or any(each not in due for each in now):
        yield Finding("error step: lost_root_error: not exactly one root is lost", record.steps[at][:200])
        return
    run.coverage[READ] += 1
    if follows(lost[0], run.right) is not True:
        yield Finding("error step: lost_root_error: what is lost is no root of an earlier equation", record.steps[at])
    yield from _lost_of_list(record)


def _lost_of_list(record: ErroneousSolution) -> Iterator[Finding]:
    kept = re.split(r",(?![^(]*\))", record.final_answer)
    roots = re.split(r",(?![^(]*\))", record.gold_answer)
    if len(kept) != len(roots) - 1 or not all(any(same_answer(a, b) for b in roots) for a in kept):
        yield Finding("answer: it is not the gold list without the lost root", record.final_answer)
