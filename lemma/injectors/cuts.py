"""Take one operation out of the text of a calculation, so that what is left reads as if it had never been there."""

from __future__ import annotations

import re

from lemma.arithmetic.expressions import ArithmeticRefusal, Binary, Expression, evaluate, leaves
from lemma.arithmetic.parser import read_expression
from lemma.arithmetic.propagation import Change, Edit, apply_edits
from lemma.exceptions import Refusal
from lemma.injectors.proposal import Site

_PLAIN_LATEX = re.compile(r"(?:[\d.,\s+\-()]|\\cdot|\\times)*")
_UNITS = re.compile(r" ?[A-Za-z/%]{1,30}(?: [A-Za-z/%]{1,30}){0,6}(?= {0,9}=)")


def shortened(site: Site, node: Binary, kept: Expression) -> Change | None:
    """The change that takes one operation out of a longer calculation; None if it would not read as one."""
    equation, text = site.equation, site.text
    operator = equation.operators[node.position]
    if (
        operator.start == operator.end
        or operator.is_bar
        or text[operator.start : operator.end].isalpha() * (operator.end - operator.start > 1)
    ):
        return None
    edit = cut_right(site, node) if kept is node.left else cut_left(site, node)
    if edit is None or (site.graph.latex and not _PLAIN_LATEX.fullmatch(text[edit.start : edit.end])):
        return None
    edits = [edit, *brackets_left(site, edit, kept)]
    remaining, values = replaced(equation.tree, node, kept), equation.operand_values()
    try:
        read = read_expression(apply_edits(site.calculation[: equation.end], edits)[equation.start :])
        # What is read in what is left has to be what was to be left.
        if read is None or read[1] != [values[leaf] for leaf in leaves(remaining)]:
            return None
        if evaluate(*read) != evaluate(remaining, values):
            return None
    except (ArithmeticRefusal, Refusal):
        return None
    # The unit behind the last number goes with it: "5 cats + 3 cats = 8 cats".
    unit = _UNITS.match(text, equation.end) if edit.end == equation.end else None
    return Change(site.index, (*edits, *((Edit(unit.start(), unit.end(), ""),) if unit is not None else ())))


def brackets_left(site: Site, edit: Edit, kept: Expression) -> list[Edit]:
    """The edits that take away brackets in which a cut leaves one number, or everything: `(8) * 4`, `(8 - 2)`."""
    equation, text = site.equation, site.text
    first = equation.start if edit.start > equation.start else edit.end
    last = (equation.end if edit.end < equation.end else edit.start) - 1
    if isinstance(kept, int):
        operand = equation.operands[kept]
        first_left = edit.start if edit.end == operand.start else operand.start
        begin = first_left - (text[first_left - 1 : first_left] == "$")
        end = edit.end if edit.start == operand.end else operand.end
        opening, closing = begin - 1, end
        while opening > equation.start and text[opening] == " ":
            opening -= 1
        while text[closing : closing + 1] == " ":
            closing += 1
        if text[opening : opening + 1] == "(" and text[closing : closing + 1] == ")" and opening >= equation.start:
            return [Edit(opening, begin, ""), Edit(end, closing + 1, "")]
    whole = text[first] == "(" and text[last] == ")" and "(" not in text[first + 1 : last]
    return [Edit(first, first + 1, ""), Edit(last, last + 1, "")] if whole and last > first else []


def cut_right(site: Site, node: Binary) -> Edit | None:
    """Take away an operator and what follows it: ` * 2` of `5 * 7 * 2 + 1`."""
    equation, text = site.equation, site.text
    start = equation.operators[node.position].start
    last = max(leaves(node.right))
    behind = [operator.start for operator in equation.operators if operator.start >= equation.operands[last].end]
    end = min([equation.end, *behind])
    depth = 0
    for place in range(start, end):
        depth += (text[place] == "(") - (text[place] == ")")
        if depth < 0:
            end = place  # a bracket that opens before the operator
            break
    while end > start and text[end - 1] == " ":
        end -= 1
    if text[start:end].count("(") != text[start:end].count(")"):
        return None
    while start and text[start - 1] == " ":
        start -= 1
    return Edit(start, end, "")


def cut_left(site: Site, node: Binary) -> Edit | None:
    """Take away an operator and what stands before it: `5 * ` of `5 * 7 * 2`."""
    equation, text = site.equation, site.text
    operator = equation.operators[node.position]
    first = equation.operands[min(leaves(node.left))]
    before = [other.end for other in equation.operators if other.end <= first.start]
    start = max([equation.start, *before])
    depth = 0
    for place in range(operator.start - 1, start - 1, -1):
        depth += (text[place] == ")") - (text[place] == "(")
        if depth < 0:
            start = place + 1
            break
    while text[start] == " ":
        start += 1
    if text[start : operator.start].count("(") != text[start : operator.start].count(")"):
        return None
    end = operator.end
    while text[end] == " ":
        end += 1
    # The dollar sign of the first number may stand before the expression.
    outside = start == equation.start and text[start - 1 : start] == "$"
    return None if outside and text[end] != "$" else Edit(start - outside, end, "")


def replaced(tree: Expression, node: Binary, new: Expression) -> Expression:
    """The tree with a node replaced."""
    if tree is node:
        return new
    if isinstance(tree, int):
        return tree
    return Binary(tree.operator, replaced(tree.left, node, new), replaced(tree.right, node, new), tree.position)
