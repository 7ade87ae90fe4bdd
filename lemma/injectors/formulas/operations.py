"""One operation of a formula is another one, is left out, or is that of a neighboring notion."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from lemma.arithmetic.carrying import ChainChange
from lemma.arithmetic.formulas import Node, parts_of
from lemma.arithmetic.propagation import Edit
from lemma.arithmetic.surds import Surd
from lemma.arithmetic.writing import follow, is_written, known_value, written_parts
from lemma.injectors.conditions import RATE
from lemma.injectors.formulas.places import Place, Proposed

_CONFUSED = {"+": ("-",), "-": ("+",), "*": ("+",)}
_AGAIN = re.compile(r"\b(?:again|similarly|likewise|as before|same way|in the same)\b", re.IGNORECASE)
_PROBABILITY = re.compile(r"\bprobability\b|\bchances?\b", re.IGNORECASE)
_BETWEEN = re.compile(r"\b(?:averages?|mean|halfway|midpoint|middle|median|between)\b", re.IGNORECASE)
_PROPER = re.compile(r"\bproper (?:divisors?|factors?)\b", re.IGNORECASE)
_DOES = {"+": "adds", "-": "subtracts", "*": "multiplies"}
_DONE = {"+": "added", "-": "subtracted", "*": "multiplied"}
# Words of a step that say the operation which its formula then shows.
_SAID = {
    "+": re.compile(
        r"\b(?:sum|add\w*|plus|total\w*|altogether|combin\w*|together|perimeter|more|increas\w*|average|mean|partition\w*|"
        r"divided into|consists?|made (?:up )?of|compos\w*|compris\w*|contains?|includ\w+)\b",
        re.I,
    ),
    "-": re.compile(
        r"\b(?:differences?|minus|subtract\w*|less|left|leav\w*|remain\w*|fewer|discount\w*|complement\w*)\b", re.I
    ),
    "*": re.compile(r"\b(?:products?|times|multipl\w*|area|volume|choices?|ways|each|square|factors?)\b", re.I),
}


def _swapped(place: Place, node: Node, form: Node, edit: Edit, why: str) -> Proposed:
    """A proposal that writes a part of the first side differently."""
    change = ChainChange(place.index, place.first, {node: form}, (edit,))
    return Proposed(change, f"{why}. It should be {place.worked}.")


def _is_said(place: Place, node: Node) -> bool:
    """Whether the formula before, the words around, or the problem show the operation."""
    if node in place.formula:
        return True
    squeezed = "".join(place.text[node.start : node.end].split())
    if len(squeezed) > 2 and squeezed in "".join(place.solution.question.split()):
        return True
    pattern = _SAID.get(node.op)
    before = place.solution.steps[max(0, place.chain.step - 2) : place.chain.step]
    words = " ".join((*before, place.text[: place.side.start], place.text[place.chain.sides[-1].end :]))
    return pattern is not None and pattern.search(words) is not None


def other_operator(place: Place) -> Iterator[Proposed]:
    """One sign of the first side is another one."""
    if place.chain.in_tuple or _AGAIN.search(place.text) is not None:
        return  # the other place of the pair, or the step that is repeated, shows the operation
    for node in () if place.shows_formula or place.is_filled_in else place.parts:
        if node.sign is None or node.op not in _CONFUSED or _is_said(place, node):
            continue
        if node.op == "*" and RATE.search(place.solution.question):
            continue  # nobody adds days to miles a day
        left, right = node.parts
        faces = [known_value(part) for part in (left, right)]
        if None in faces or Surd(0) in faces or (node.op == "*" and Surd(1) in faces):
            continue
        if sum(part.op == node.op for part in place.parts) > 1:
            continue  # whoever writes one of many signs right does so with all
        for wrong in _CONFUSED[node.op]:
            if node.op == "*" and (not _is_bare(place, node) or faces[0] == faces[1]):
                continue
            if wrong == "+" and node.op == "-" and right.op == "neg":
                continue
            form = Node(wrong, node.parts, node.start, node.end, sign=node.sign)
            shown = f"{place.text[node.start : node.sign[0]]}{wrong}{place.text[node.sign[1] : node.end]}"
            if shown.count("{") == shown.count("}") and shown.count("(") == shown.count(")"):
                start, end = node.sign
                if not place.text[start - 1].isspace():  # `2\cdot 24` has its blank for the command only
                    end += len(place.text[end:]) - len(place.text[end:].lstrip(" "))
                change = ChainChange(place.index, place.first, {node: form}, (Edit(start, end, wrong),))
                written = f"{place.text[node.start : start]}{wrong}{place.text[end : node.end]}"
                told = f"The step {_DOES[wrong]} in ${' '.join(written.replace('&', '').split())}$"
                yield Proposed(change, f"{told}, where it should have {_DONE[node.op]}: {place.worked}.")


def _is_bare(place: Place, node: Node) -> bool:
    """Whether a product stands alone or as a term, so that a sum in its place would not need brackets."""
    return not any(
        node in outer.parts and outer.op in ("*", "^", "/", "neg", "-", "!", "function") for outer in place.parts
    )


def left_out(place: Place) -> Iterator[Proposed]:
    """A factor, a divisor, an exponent, a root or a term of the first side is left out."""
    if place.chain.in_tuple:
        return  # the other place would show it
    for node in () if place.shows_formula or place.is_filled_in else place.parts:
        for kept, what in _what_is_left(node):
            if known_value(kept) in (None, known_value(node)) or node in place.formula:
                continue
            has_units = place.side.formula is not None and bool(place.side.formula.units)  # which would be cut off
            if (node is place.tree and is_written(kept)) or has_units:
                continue
            if node.op == "*" and is_one_of_products(place, node):
                continue  # whoever writes the other products out does so with all
            gone = [part for part in node.parts if part is not kept and node.op == "*"]
            if node.op in ("+", "-") and not is_forgotten(place, node, kept):
                continue
            if node.op in ("frac", "/") and node.parts[0].op == "+" and _BETWEEN.search(place.sentences):
                continue  # an average, or what lies halfway, is no sum
            # Nobody forgets a root that an earlier step has just worked with either.
            is_known_root = node.op == "sqrt" and place.is_repeated(node)
            if is_known_root or any(place.has_just_been_said(part) for part in (node, *gone)):
                continue
            edit = _cut(place, place.tree, node, kept)
            if edit is None:
                continue
            new, edits = {node: kept}, [edit]
            for number, other, its in in_later_sides(place, node, kept):
                after = place.chain.sides[number].formula
                edit = _cut(place, after.tree, other, its) if after is not None else None
                if edit is None:
                    break
                new[other] = its
                edits.append(edit)
            lost = what.format(*(place.part(part) for part in node.parts))
            change = ChainChange(place.index, place.first, new, tuple(edits))
            yield Proposed(change, f"The step leaves out {lost}{_so(place, node)}: it should be {place.worked}.")


def _so(place: Place, node: Node) -> str:
    """What follows if the number itself is not taken away from the sum of its divisors."""
    if node.op != "-" or not _PROPER.search(place.solution.question):
        return ""
    return f", and so counts {place.part(node.parts[1])} among its own proper divisors"


def is_forgotten(place: Place, node: Node, kept: Node) -> bool:
    """Whether somebody may forget a term: not one that has just been found, and what is taken away from 1 only if it is
    a probability, of the opposite event.
    """
    if kept is node.parts[0]:
        is_proper = node.op == "-" and _PROPER.search(place.solution.question) is not None
        return is_proper or not place.is_subject(node.parts[1])
    return _PROBABILITY.search(place.solution.question) is not None


def in_later_sides(place: Place, node: Node, kept: Node) -> Iterator[tuple[int, Node, Node]]:
    """The sides behind the first one that have an operation of it in the same place, what it is there, and the part of
    it that stays: `2 \\cdot 5! \\cdot 5! = 2 \\cdot 120 \\cdot 120`.
    """
    at = node.parts.index(kept)
    sides = place.chain.sides[place.first :]
    for number, (before, after) in enumerate(pairwise(sides), place.first + 1):
        if before.formula is None or after.formula is None:
            return
        link = follow(before.formula.tree, after.formula.tree, {})
        if link is None or node not in link.shared:
            return
        node = link.shared[node]
        yield number, node, node.parts[at]


def _cut(place: Place, tree: Node, node: Node, kept: Node) -> Edit | None:
    """The edit that leaves only one part of an operation; None if what is left would be no formula."""
    start = kept.start - 2 * (place.text[: kept.start].endswith("\\$"))
    inner = place.text[start : kept.end]
    if inner.count("{") != inner.count("}") or inner.count("(") != inner.count(")"):
        return None
    leads = any(outer.op in ("+", "-") and outer.parts[0] is node for outer in parts_of(tree))
    weak = kept.op in ("+", "-", "neg") and node is not tree and not leads
    written = f"({inner})" if weak else inner
    # The text around has to stay a formula: `2{3}` and `\\cdot3`.
    before = place.text[: node.start]
    if re.search(r"\\[a-zA-Z]+$", before) and written[0].isalpha():
        written = " " + written
    if before[-1:].isdigit() and written[:1].isdigit():
        return None
    return Edit(node.start, node.end, written)


def is_one_of_products(place: Place, node: Node) -> bool:
    """Whether a product is a term of a sum that has other products: `(-2)(3) + (0)(4) + (7)(-5)`."""
    terms = [part for outer in place.parts if outer.op in ("+", "-") for part in outer.parts if part.op == "*"]
    return node in terms and len(terms) > 1


def _what_is_left(node: Node) -> Iterator[tuple[Node, str]]:
    if node.op == "*" and node.parts[1].op not in ("sqrt", "pi", "i"):
        if node.parts[0].op != "frac":
            yield node.parts[0], "the factor {1}"
        if node.parts[0].op != "*":
            yield node.parts[1], "the factor {0}"
    elif node.op in ("frac", "/") and node.parts[1].op == "num" and node.parts[0].op != "num":
        yield node.parts[0], "the division by {1}"
    elif node.op == "^" and node.parts[1].number is not None and node.parts[1].number.rational in (2, 3):
        yield node.parts[0], "the exponent {1}"
    elif node.op == "sqrt":
        yield node.parts[0], "the square root of {0}"
    elif node.op == "-" and node.parts[0].number == 1:
        yield node.parts[1], "the subtraction from {0}"
    elif node.op in ("+", "-") and node.parts[0].op in ("+", "-", "*", "lfloor", "binom", "!"):
        yield node.parts[0], "the term {1}"


def other_concept(place: Place) -> Iterator[Proposed]:
    """A notion is taken for its neighbor: sine for cosine, supplementary for complementary, radius for diameter."""
    for node in () if place.shows_formula else place.parts:
        if node.op == "function" and node.name[:4] in ("\\sin", "\\cos"):
            other = "\\cos" if node.name.startswith("\\sin") else "\\sin"
            form = Node("function", node.parts, node.start, node.end, name=other + node.name[4:])
            names = ("sine", "cosine") if other == "\\cos" else ("cosine", "sine")
            if node not in place.formula:
                yield _swapped(
                    place,
                    node,
                    form,
                    Edit(node.start, node.start + len(other), other),
                    f"The step takes the {names[1]} for the {names[0]}",
                )
        if node.op == "-" and node.parts[0].number is not None and node.parts[0].number.rational in (90, 180):
            whole = node.parts[0]
            turned = 90 if whole.number == 180 else 180
            if "angle" not in (place.text + place.solution.question) and "circ" not in place.text:
                continue
            names = ("supplementary", "complementary") if turned == 90 else ("complementary", "supplementary")
            form = Node("num", (), whole.start, whole.end, number=Surd(turned))
            if whole not in place.formula and re.search("triangle", place.text) is None:
                yield _swapped(
                    place,
                    whole,
                    form,
                    Edit(whole.start, whole.end, str(turned)),
                    f"The step confuses {names[0]} with {names[1]} angles",
                )
    yield from _radius_for_diameter(place)


def _radius_for_diameter(place: Place) -> Iterator[Proposed]:
    together = f"{place.solution.question}\n{place.text}"
    if sum(part.op == "pi" for part in place.parts) != 1:
        return  # of two circles, nobody takes the radius of one only for the diameter
    exponents = [part.parts[1] for part in place.parts if part.op == "^"]
    for node in written_parts(place.tree):
        size = node.number.rational if node.op == "num" and node not in exponents and node.number is not None else None
        if not isinstance(size, int) or size < 2 or node in place.formula:
            continue
        found: list[tuple[int, str, str]] = []
        if re.search(rf"\bradi(?:us|i)\b[^.]{{0,30}}(?<![\d.]){size}(?![\d.]\d|\d)", together):
            found.append((2 * size, "diameter", "radius"))
        if size % 2 == 0 and re.search(rf"\bdiameters?\b[^.]{{0,30}}(?<![\d.]){size}(?![\d.]\d|\d)", together):
            found.append((size // 2, "radius", "diameter"))
        for wrong, taken, due in found:
            edits = place.put(node, Surd(wrong))
            if edits and not place.solution.says_elsewhere(place.index, Surd(size)):
                change = ChainChange(place.index, place.first, {node: Surd(wrong)}, edits)
                why = f"The step takes ${wrong}$, which is the {taken}, for the {due} ${size}$"
                yield Proposed(change, f"{why}. It should be {place.worked}.")
