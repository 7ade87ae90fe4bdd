"""The operands and operations are right, the result is not: slips that people make with numbers, powers and roots."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from math import perm

from lemma.arithmetic.carrying import ChainChange
from lemma.arithmetic.chain_solution import ChainSolution
from lemma.arithmetic.formulas import Node, letters_of, parts_of, value
from lemma.arithmetic.surds import NoValue, Surd
from lemma.arithmetic.writing import follow, is_written, known_value, write
from lemma.injectors.formulas.misworked import FORMULA, HALF, POWERS, SIGN, Slip, misworked
from lemma.injectors.formulas.places import Place, Proposed

PLAIN = Node("frac", (), 0, 0, name="\\frac")
_FEWEST, _MOST, _LARGEST = 2, 3, 60
_MOST_TAKEN = 3
_IS_ANGLE = re.compile(r"^\$[\d.\s{}^+-]*\\circ[\d.\s{}^+-]*(?:\\circ[\d.\s{}^+-]*)?\$$")
_ALIKE = (
    ("^", 4, "each base was multiplied by its exponent", POWERS),
    ("binom", 3, "the orders of what is chosen were not divided out", FORMULA),
)


def propose(solution: ChainSolution, kind: str) -> Iterator[Proposed]:
    """One value of a chain that does not follow from the side before it, by a slip of a type."""
    if "slips" not in solution.memo:
        solution.memo["slips"] = list(all_of(solution))
    yield from (proposed for found, proposed in solution.memo["slips"] if found == kind)


def all_of(solution: ChainSolution) -> Iterator[tuple[str, Proposed]]:
    for index, chain in enumerate(solution.chains[: solution.answer.chain + 1]):
        letters = solution.letters_before(index)
        for number, (before, after) in enumerate(pairwise(chain.sides)):
            if before.formula is None or after.formula is None or after.value is None:
                continue
            tree, known = before.formula.tree, letters if before.value is None else {}
            if chain.relations[number] != "=" or known_value(tree, known) != after.value or tree.op == "letter":
                continue
            if known and not is_written(after.formula.tree):
                continue  # what is put in for letters is no result
            link = follow(tree, after.formula.tree, known)
            sources = link.sources if link is not None else {}
            text = solution.steps[chain.step]
            written = ["".join(text[source.start : source.end].split()) for source in sources.values()]
            for node, source in sources.items():
                if written.count("".join(text[source.start : source.end].split())) > 1:
                    continue  # nobody works out 5! twice in one line and gets two values
                if not is_written(source) and source.op != "letter":
                    yield from wrong_results(Place(solution, index, number), node, source, known)


def wrong_results(
    place: Place, node: Node, source: Node, letters: Mapping[str, Surd]
) -> Iterator[tuple[str, Proposed]]:
    seen = {value(node)}
    if source.op == "neg" and not place.text.startswith("-", source.start):
        return  # the sign stands in front of it: `- 6` for `+ 3(-2)`
    if place.solution.said_before(place.index, value(node)) is not None:
        return  # whoever has just read the right value does not get it wrong
    chains = place.solution.chains
    beside = {
        chain.sides[-1].value for chain in chains if chain.step == chains[place.index].step and len(chain.sides) > 1
    }
    for slip in slips_of(place, source, letters):
        # Who lists 2 * 3 = 6 and 2^3 = 6 would see it.
        edits = place.put(node, slip.value) if slip.value not in seen and slip.value not in beside else ()
        seen.add(slip.value)
        if edits:
            change = ChainChange(
                place.index, place.first + 1, {node: slip.value}, edits, result=True, with_letters=bool(letters)
            )
            told = f"{with_values(source, letters)}{_told(place, source, node, slip.value)}"
            yield slip.kind, Proposed(change, f"{told}: {slip.reason}.")


def with_values(source: Node, letters: Mapping[str, Surd]) -> str:
    """The beginning of an explanation, with the values of the letters of a formula."""
    known = ", ".join(f"${name} = {write(letters[name], PLAIN, '')}$" for name in sorted(letters_of(source)))
    return f"With {known}, " if known else ""


def _told(place: Place, source: Node, node: Node, wrong: Surd) -> str:
    if source.start < 0 or place.text[source.start : source.end].count("(") != place.text[
        source.start : source.end
    ].count(")"):
        shown = place.quoted(place.side.start, place.side.end)
    else:
        shown = place.part(source)
    return f"{shown} is {place.part(node)}, not {place.shown(node, wrong)}"


def slips_of(place: Place, source: Node, letters: Mapping[str, Surd]) -> Iterator[Slip]:
    """Wrong values of a part: by a slip in its last operation, or in one within it."""
    yield from _all_alike(place, source)
    yield from _orders_kept(source)
    before = place.solution.chains[: place.index]
    texts = [place.solution.steps[chain.step][chain.start : chain.sides[-1].end] for chain in before]
    has_other_roots = any("\\sqrt" in text for text in texts)
    for inner in parts_of(source):
        right = known_value(inner, letters)
        if right is None or not inner.parts or (inner is not source and _is_decimal(right, inner)):
            continue
        if inner is not source and _is_shown(place, source, inner, letters):
            continue
        if inner.op == "*" and any(outer.op == "*" and inner in outer.parts for outer in parts_of(source)):
            continue  # who knows which of several factors were multiplied first
        if inner.op == "!" and source.op in ("frac", "/"):
            continue  # which is canceled, and not worked out
        base = place.text[inner.parts[0].start : inner.parts[0].end] if inner.op == "^" and inner.start >= 0 else "\0"
        has_other_powers = len(_powers(place, source)) > 1 or any(
            f" {base}^" in f" {text}".replace("=", " ")
            for text in texts  # 2^4 was right, and 2^8 is no other way
        )
        for slip in misworked(inner, [value(part, letters) for part in inner.parts]):
            if slip.value == right or (slip.kind == SIGN and inner is not source and source.op in ("frac", "/")):
                continue
            if inner.op == "^" and slip.kind == POWERS and has_other_powers:
                continue  # whoever works out one power right does so with all
            if slip.reason == HALF and has_other_roots:
                continue
            if inner is source:
                yield slip
                continue
            try:
                found = value(source, letters, {inner: slip.value})
            except (NoValue, ValueError, OverflowError):
                continue
            left, taken = write(right, PLAIN, ""), write(slip.value, PLAIN, "")
            if left is not None and taken is not None and not is_written(inner):
                unit = "^\\circ" if _IS_ANGLE.search(place.part(inner)) else ""
                told = (
                    f"{place.part(inner)} is ${left}{unit}$, and the step worked with ${taken}{unit}$ ({slip.reason})"
                )
                yield Slip(found, told, slip.kind)


def _all_alike(place: Place, source: Node) -> Iterator[Slip]:
    """All powers, or all binomial coefficients, of a part worked out wrongly in the same way: whoever gets one of them
    wrong gets all of them wrong.
    """
    for op, largest, reason, kind in _ALIKE:
        inner = [part for part in parts_of(source) if part.op == op]
        sizes = [[one.number.rational if one.number is not None else None for one in part.parts] for part in inner]
        if not _FEWEST <= len(inner) <= _MOST or any(not isinstance(one, int) for pair in sizes for one in pair):
            continue
        pairs = [(int(one), int(other)) for one, other in sizes]  # type: ignore[arg-type]
        if any(not 2 <= one <= _LARGEST or not 2 <= other <= largest for one, other in pairs):
            continue
        if op == "^" and (_has_worked_out(place) or 10 in dict(pairs)):
            continue
        wrong = [Surd(one * other if op == "^" else perm(one, other)) for one, other in pairs]
        if wrong.count(Surd(4)) < len(wrong) - 1 or op != "^":
            yield Slip(value(source, {}, dict(zip(inner, wrong, strict=True))), reason, kind)


def _orders_kept(source: Node) -> Iterator[Slip]:
    """`\\frac{9!}{3! \\cdot 6!}` as `9 \\cdot 8 \\cdot 7`, which is not divided by `3!`."""
    if source.op not in ("frac", "/") or source.parts[0].op != "!" or source.parts[1].op != "*":
        return
    factorials = [source.parts[0], *source.parts[1].parts]
    sizes = [
        part.parts[0].number.rational if part.op == "!" and part.parts[0].number is not None else None
        for part in factorials
    ]
    if any(not isinstance(size, int) for size in sizes):
        return
    of, one, other = (int(size) for size in sizes)  # type: ignore[arg-type]
    taken = min(one, other)
    if one + other == of and 2 <= taken <= _MOST_TAKEN:
        product = " \\cdot ".join(str(of - place) for place in range(taken))
        told = f"the product ${product}$ was not divided by ${taken}!$"
        yield Slip(Surd(perm(of, taken)), told, FORMULA)


def _has_worked_out(place: Place) -> bool:
    """Whether the solution has worked out a power right before."""
    sides = [pair for chain in place.solution.chains[: place.index] for pair in pairwise(chain.sides)]
    return any(
        before.formula is not None
        and any(part.op == "^" for part in parts_of(before.formula.tree))
        and after.formula is not None
        and not any(part.op == "^" for part in parts_of(after.formula.tree))
        and before.value is not None
        for before, after in sides
    )


def _powers(place: Place, source: Node) -> set[Node]:
    """The powers of a part and of the side that it stands in, but for those with the exponents 0 and 1."""
    trees = [source] if place.side.formula is None else [source, place.side.formula.tree]
    found = (part for tree in trees for part in parts_of(tree) if part.op == "^")
    return {part for part in found if part.parts[1].number not in (Surd(0), Surd(1))}


def _is_decimal(number: Surd, node: Node) -> bool:
    """Whether a part is worked out in decimals, which no explanation writes as a fraction."""
    broken = number.rational is not None and not isinstance(number.rational, int)
    return broken and not any(part.op in ("frac", "/") for part in parts_of(node))


def _is_shown(place: Place, source: Node, inner: Node, letters: Mapping[str, Surd]) -> bool:
    """Whether the text shows that a part was worked out right, or left as it is: it stands there once more, or it is
    one of the fractions of a sum that is a fraction.
    """
    if inner.start >= 0 and place.is_repeated(inner):
        return True
    found = known_value(source, letters)
    return inner.op == "frac" and found is not None and not isinstance(found.rational, int)
