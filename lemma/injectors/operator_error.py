"""The numbers are right, one operator is not: multiplied in place of divided, added in place of subtracted."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from lemma.arithmetic.expressions import Binary, leaves, nodes
from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.numbers import divide
from lemma.arithmetic.propagation import Change, Edit
from lemma.injectors.comparisons import compares_by_factor, comparison
from lemma.injectors.cuts import replaced
from lemma.injectors.naming import beside_its_like, is_done_elsewhere, is_from_one_place, part_of, quoted_for
from lemma.injectors.proposal import ALONE, ODD, UNLIKELY, Proposal, Site, shuffled, sites
from lemma.injectors.roles import contradicts

_CONFUSED = {"+": ("-", "*"), "-": ("+",), "*": ("/", "+"), "/": ("*",)}
_DOES = {"+": "adds", "-": "subtracts", "*": "multiplies", "/": "divides"}
_DONE = {"+": "added", "-": "subtracted", "*": "multiplied", "/": "divided"}
_WORDS = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}
# What a sentence says of the operation that it writes, or of its result, and which other operation that would allow.
# Nobody writes "he has 5 + 3 = 8 left", "in total 5 - 3 = 2", or "5 + 3 = 8 for each".
_SUM = r"sum|add\w*|plus|both|increas\w*|grew|grow\w*|more|another|extra|longer|older|taller|heavier|higher|greater"
_ALL = r"totals?|altogether|in all|combin\w*|together|everything"
_OF_ONE = r"each|every|apiece"
_TIMES = r"multipl\w*|twice|doubl\w*|tripl\w*|times"
_SAID = tuple(
    (sign, re.compile(rf"(?<!\\)\b(?:{words})\b", re.IGNORECASE), allowed)
    for sign, words, allowed in (
        ("+", f"{_SUM}|{_ALL}", ""),
        ("-", r"not|left|leav\w+|remain\w*|rest|differences?|fewer|less|minus|subtract\w*|deduct\w*|discount\w*|off|"
         r"change|takes? away|took|more than|than|younger|shorter|lighter|lower|smaller|cheaper|slower|"
         r"still|keeps?|kept|attend\w*|good|decreas\w*|reduc\w*|los[est]\w*|removed?|removes|spends?|spent|gave|"
         r"gives? away|needs? .*more|without|saved?|saves|savings?", ""),
        ("*", rf"{_TIMES}|products?|area|volume|square|cubic|factors?|per", ""),
        ("*", _ALL, "+"),
        ("*", _OF_ONE, "/"),
        ("/", _TIMES, "*"),
        ("/", r"per|divid\w*|split\w*|shar\w*|half|halv\w*|average\w*|mean|evenly|equally|quarters?|thirds?|fraction|"
         r"probability|percent\w*|fewer|less", ""),
        ("/", _OF_ONE, "*"),
    )
)  # fmt: skip
_NAMED = {
    "+": re.compile(r"\b(?:plus|added to|sum of)\b", re.IGNORECASE),
    "-": re.compile(r"\b(?:minus|subtract\w*|difference)\b", re.IGNORECASE),
    "*": re.compile(r"\b(?:multipl(?:y|ied|ying)\w*|product of)\b", re.IGNORECASE),
    "/": re.compile(r"\b(?:divid(?:e|ed|ing)|ratio|quotient)\b", re.IGNORECASE),
    "^": re.compile(r"(?!)"),
}
# What tells the operation that a number of the problem takes part in; of what was spent, only in a story that is not
# told backwards.
_TELLS = {
    "+": r"totals?|altogether|in all|combined|together|additional|extra|added?|adds|more|another|older|taller",
    "-": r"left|remain\w*|fewer|less|younger|shorter|rest|discount|change|of which|of (?:them|these|those)",
    "*": r"each|every|per|times|twice|doubled?|triple|an? (?:day|week|month|year|hour|minute|piece)",
    "/": r"each|every|per|half|split\w*|shar(?:e|es|ed|ing)|equal(?:ly)?|evenly|average|needs?|enough|an? [a-z]+ costs",
}
_GONE = r"|ate|eats|lost|los[et]s|spen[dt]s?|gave|gives|sold|sells|us[ed]s|broke|burst|popped|took|takes out"
_BACKWARDS = re.compile(
    r"\b(?:at first|beginning|begin|start(?:ed)?|original(?:ly)?|initial(?:ly)?|already|before)\b", re.IGNORECASE
)
_ASKED = re.compile(r"\b(?:[Hh]ow|[Ww]hat)\b[^.,?!\n]{5,100}\?(?=\s*$)")
# Nobody takes a half, or one third, for more than there was.
_PART_OF = {2: r"\bhal(?:f|ves|ved)\b", 3: r"\bthirds?\b", 4: r"\b(?:quarters?|fourths?)\b", 5: r"\bfifths?\b"}
_TIMES_SIGNS = ("*", "x", "×")
_HUNDRED, _LARGEST_ADDED_TO = 100, 20  # 3 times 200 is not taken for 3 more
_SHARE = re.compile(r"1/\d|\d ?%")
_LARGEST_FACTOR = 10  # 12 + 4 is taken for 12 * 4, but not 130 + 150 for 130 * 150
_LARGEST_FACTOR_IN_STORY = 3  # 50 + 10 pounds are not taken for 500
_LARGEST_DIVISOR = 5  # nobody needs 48 * 12 pans for 48 cupcakes
_FARTHEST = 6  # times the right result
# Wrong steps have as many signs of each kind as the right ones, or they could be told by their signs.
_KEPT = {"*+": 0.2, "-+": 0.5}
_KEPT_TO_FILL_UP = {**_KEPT, "+*": 0.5, "+-": 0.5}
_RATE = re.compile(r"\s?(?:/\s?[A-Za-z]|per\b|(?:an?|each) )")
_UNIT = re.compile(r"\s?(/(?=\s?[A-Za-z])|per\b|[^\W\d_]{2,})")
_SPLITS = re.compile(r"\b(?:split\w*|shar(?:e|es|ed|ing)|evenly|equally)\b", re.IGNORECASE)
_UNIT_RATE = re.compile(r"\s?[a-z]+\s?/\s?[a-z]{2,}")
_NO_UNITS = frozenset(
    ("and", "or", "of", "is", "plus", "minus", "times", "divided", "multiplied", "more", "total", "in")
)


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """One operator of one equation taken for another, if the units and the words around it allow that."""
    for site in sites(graph, rng):
        if beside_its_like(site) or (not graph.latex and is_done_elsewhere(site)):
            continue
        signs = [node.operator for node in nodes(site.equation.tree)]
        for node in shuffled(list(nodes(site.equation.tree)), rng):
            alike = "+-" if node.operator in "+-" and graph.latex else node.operator
            one_of_many = node.operator in "+*-" and sum(sign in alike for sign in signs) > 1 + (alike == "-")
            if one_of_many or not reads_as_operator(site, node) or _is_written_elsewhere(site, node):
                continue
            parts = [part for part in (node.left, node.right) if isinstance(part, int)]
            if not graph.latex and any(site.equation.operands[part].face == 1 for part in parts):
                continue  # the year after the 12th is not the 11th
            said = _allowed(site, node)
            left, right = _unit(site, leaves(node.left)[-1]), _unit(site, leaves(node.right)[0])
            for wrong in shuffled(_CONFUSED[node.operator], rng):
                edit = swap_operator(site, node.position, wrong)
                contradicted = any(wrong not in allowed for allowed in said)
                likely = _is_likely(site, node, wrong) and _units_allow(wrong, left, right)
                if edit is None or contradicted or not likely:
                    continue
                if not graph.latex and rng.random() > _KEPT.get(node.operator + wrong, 1):
                    continue
                swapped = replaced(site.equation.tree, node, Binary(wrong, node.left, node.right, node.position))
                if not graph.latex and (
                    _is_comparison(site, node) or contradicts(site, swapped) or _is_told(site, node, wrong)
                ):
                    continue  # a misread question; 3 movies, of 9 that she has seen
                yield _proposal(site, node, wrong, edit, _weight(site, node, wrong))


def other_operators(site: Site, rng: random.Random) -> Iterator[tuple[Binary, str, Proposal]]:
    """Every operator of a site taken for every other that its words and units allow, also where people do not do that:
    the operation, the wrong sign, and the proposal.
    """
    for node in nodes(site.equation.tree):
        if not reads_as_operator(site, node) or _is_written_elsewhere(site, node) or _is_comparison(site, node):
            continue
        said = _allowed(site, node)
        left, right = _unit(site, leaves(node.left)[-1]), _unit(site, leaves(node.right)[0])
        for wrong in _CONFUSED[node.operator]:
            edit = swap_operator(site, node.position, wrong)
            is_allowed = rng.random() <= _KEPT_TO_FILL_UP.get(node.operator + wrong, 1) and all(
                wrong in allowed for allowed in said
            )
            if edit is not None and is_allowed and _units_allow(wrong, left, right):
                yield node, wrong, _proposal(site, node, wrong, edit, UNLIKELY)


def _allowed(site: Site, node: Binary) -> list[str]:
    """What each of the words of a step that speak of an operation allows in its place."""
    graph, words = site.graph, site.text[: site.equation.start] + site.text[site.equation.end :]
    # A LaTeX solution often says in words before what it then works out.
    named = graph.latex and any(map(_NAMED[node.operator].search, graph.steps[: site.step]))
    said = [allowed for sign, pattern, allowed in _SAID if sign == node.operator and pattern.search(words)]
    return [""] * named + said


def _proposal(site: Site, node: Binary, wrong: str, edit: Edit, weight: float) -> Proposal:
    return Proposal(
        Change(site.index, (edit,)),
        f"The step {_DOES[wrong]} where it should have {_DONE[node.operator]}: "
        f"not {site.quoted(site.edited(edit) + site.unit)}, but {site.worked}.{_reason(site, node)}",
        weight,
    )


def _reason(site: Site, node: Binary) -> str:
    """The words of the problem that tell the right operation: what it says of one of the two numbers, or what it asks
    for in the end. Empty if it has none.
    """
    if site.graph.latex:
        return ""
    question, backwards = site.graph.question, _BACKWARDS.search(site.graph.question) is not None
    if backwards and node.operator in "+-":
        return ""
    tells = re.compile(rf"\b(?:{_TELLS[node.operator]}{_GONE * (node.operator == '-')})\b", re.IGNORECASE)
    parts = [part for part in (node.right, node.left) if isinstance(part, int)]
    for part in parts:
        operand, link = site.equation.operands[part], site.links[part]
        is_given = link.question and not link.results and is_from_one_place(site, operand.face, link)
        quote = (quoted_for(site, operand.face, link, operand.currency) if is_given else None) or ""
        if tells.search(quote):
            return f" The problem says {quote.strip(' (),')}."
    asked = _ASKED.search(question)
    if site.index == site.graph.final and asked is not None and '"' not in asked[0] and tells.search(asked[0]):
        return f' The problem asks "{asked[0].rstrip("? ")}".'
    return ""


def _weight(site: Site, node: Binary, wrong: str) -> float:
    """How often people confuse two operators: mostly in a relation of the question that they read the other way, "5
    more than" or "3 times as many".
    """
    if site.graph.latex:
        return 1
    parts = {
        part_of(site.graph.question, site.equation.operands[leaf].face)
        for leaf in (leaves(node.left)[-1], leaves(node.right)[0])
        if site.links[leaf].question and not site.links[leaf].results
    }
    needed = "difference" if node.operator in "+-" else "factor"
    # "5 more books" are added to others, which nobody gets wrong; "5 more than" compares.
    compares = node.operator not in "+-" or " than" in site.graph.question
    if needed in parts and compares:
        return 1
    # Who adds up what there is, takes something away, or divides knows why; the number of each may be added.
    return ODD if node.operator + wrong == "*+" else ALONE


def _is_told(site: Site, node: Binary, wrong: str) -> bool:
    """Whether the story tells what has to be done, beyond the words of the step: nobody adds a part to the whole that
    it was worked out from, divides a price by what was bought, or multiplies what is split evenly.
    """
    equation, question = site.equation, site.graph.question
    if not (isinstance(node.left, int) and isinstance(node.right, int)):
        return False
    if node.operator == "-":
        whole, sources = equation.operands[node.left].face, site.links[node.right].results
        return any(whole == operand.face for index in sources for operand in site.graph.equations[index].operands)
    if (node.operator, wrong) == ("*", "/"):
        return equation.result.currency and part_of(question, equation.operands[node.right].face) != "factor"
    return node.operator == "/" and _SPLITS.search(question) is not None


def _is_comparison(site: Site, node: Binary) -> bool:
    """Whether the question compares two amounts by one of the operands: to turn that around is to misread it."""
    ends = [leaf for leaf in (node.left, node.right) if isinstance(leaf, int) and not site.links[leaf].results]
    question, numbers = site.graph.question, [site.equation.operands[leaf] for leaf in ends]
    if node.operator in "*/" and any(compares_by_factor(question, number.face) for number in numbers):
        return True
    return any(comparison(question, number, node.operator) is not None for number in numbers)


def _is_written_elsewhere(site: Site, node: Binary) -> bool:
    """Whether the problem has the operation, or the solution has it up to this step, once more or with a letter:
    `180(n-2)` before `180(7-2)`.
    """
    equation = site.equation
    operator = equation.operators[node.position]
    left, right = (equation.operands[leaf] for leaf in (leaves(node.left)[-1], leaves(node.right)[0]))
    sign, first, second = (site.text[one.start : one.end].strip() for one in (operator, left, right))
    own = (site.text[: equation.start], site.text[equation.end :])
    others = [site.graph.question, *site.graph.steps[: site.step], *own]
    written = "".join(f"{first}{sign}{second}".split())
    if any(_contains("".join(text.split()), written) for text in others if first in text and second in text):
        return True
    letter = r"(?<![A-Za-z\\])[a-z](?![A-Za-z])"
    product = rf"|{re.escape(first)}[a-z](?![A-Za-z])" if node.operator == "*" else ""
    first, sign, second = rf"(?<![\d.]){re.escape(first)}", re.escape(sign), rf"{re.escape(second)}(?![\d.])"
    formula = rf"{letter}\s*{sign}\s*{second}|{first}\s*{sign}\s*{letter}{product}"
    return site.graph.latex and any(re.search(formula, text) for text in others)


def _contains(text: str, written: str) -> bool:
    """Whether a text has an operation that neither begins nor ends within a longer number."""
    start = text.find(written)
    while start >= 0:
        before, behind = text[start - 1 : start], text[start + len(written) : start + len(written) + 1]
        if not (before.isdigit() or before == "." or behind.isdigit()):
            return True
        start = text.find(written, start + 1)
    return False


def _is_likely(site: Site, node: Binary, wrong: str) -> bool:
    """Whether somebody might write a product or a quotient here: not by 1, and in place of a sum only of a small number
    and of no products; and a sum in place of a product only if it is of that size.
    """
    ends = [site.equation.operands[leaf].face for leaf in (leaves(node.left)[-1], leaves(node.right)[0])]
    inner = {part.operator for part in (node.left, node.right) if isinstance(part, Binary)}
    if wrong == "+" and node.operator == "*":
        is_small = ends[0] * ends[1] <= _FARTHEST * (ends[0] + ends[1]) and max(ends) <= _LARGEST_ADDED_TO
        return is_small or site.graph.latex
    if wrong in "+-":
        return True
    # $7 / 3 = $2.33 tells by itself that something is wrong.
    is_rounded = wrong == "/" and ends[1] and (ends[0] * _HUNDRED) % ends[1] and not site.graph.latex
    # Who knows to divide by 100 in (10 * 5)/100 knows the rest of that formula.
    faces = {operand.face for operand in site.equation.operands}
    is_percentage = wrong == "/" and _HUNDRED in faces and "/" in site.expression and not site.graph.latex
    # Nor does anybody who has .8 of an amount in mind divide by it.
    is_share = wrong == "/" and not isinstance(ends[1], int) and not site.graph.latex
    if {0, 1}.intersection(ends) or is_rounded or is_percentage or is_share:
        return False
    if node.operator == "/":
        part = _PART_OF.get(ends[1]) if isinstance(ends[1], int) else None
        shares = rf"(?<![\d/])1/{ends[1]}(?!\d)|(?<![\d.]){divide(_HUNDRED, ends[1])} ?%"
        if not site.graph.latex and (
            (part is not None and re.search(part, site.graph.question, re.IGNORECASE))
            or (_SHARE.search(site.graph.question) and re.search(shares, site.graph.question))
        ):
            return False
        return ends[1] <= _LARGEST_DIVISOR or site.graph.latex
    largest = _LARGEST_FACTOR if site.graph.latex else _LARGEST_FACTOR_IN_STORY
    return node.operator != "+" or (min(ends) <= largest and "*" not in inner)


def _units_allow(wrong: str, left: str, right: str) -> bool:
    """Whether such quantities are ever combined so: dollars are not added to cars, nor multiplied by dollars."""
    if wrong in "+-":
        return left == right or (not (left and right) and "$" not in (left, right))
    if wrong == "/" and right in ("$", "/") and left not in ("$", "/"):
        return False  # nor is anything but money divided by a price
    if wrong == "/" and left == "/":
        return False  # nor 8 per cup by the cups
    return not left or left != right


def _unit(site: Site, leaf: int) -> str:
    """What an operand counts: `$`, `%`, the stem of a noun, or `/` for a rate; empty if that is not said."""
    operand = site.equation.operands[leaf]
    if operand.percent:
        return "%"
    if _UNIT_RATE.match(site.text, operand.end):
        return "/"
    match = _UNIT.match(site.text, operand.end)
    word = match.group(1).lower() if match is not None else ""
    if word in ("/", "per"):
        return "/"
    if operand.currency:
        rate = _RATE.match(site.text, operand.end)
        return "/" if rate else "$"
    return "" if word in _NO_UNITS else word.rstrip("s")


def reads_as_operator(site: Site, node: Binary) -> bool:
    """Whether an operator can be written differently: it is a sign or a word of its own, not a fraction's bar."""
    operator = site.equation.operators[node.position]
    if node.operator not in _CONFUSED or operator.start == operator.end or operator.is_bar:
        return False
    if site.text[operator.start : operator.end] == "of":
        return False
    return not (site.is_written_fraction(node) and len(site.equation.operands) > 2)


def swap_operator(site: Site, position: int, wrong: str) -> Edit | None:
    """The edit that writes another operator in the way in which the solution writes its operators; None if a LaTeX
    solution has no such sign.
    """
    operator = site.equation.operators[position]
    start, end = operator.start, operator.end
    old = site.text[operator.start : operator.end]
    if site.graph.latex:
        return _latex_operator(site, start, end, wrong)
    if old.isalpha() and len(old) > 1:
        return Edit(start, end, _WORDS[wrong])
    return Edit(start, end, times_sign(site.graph) if wrong == "*" else wrong)


def times_sign(graph: SolutionGraph) -> str:
    """How a solution writes a product."""
    signs = [operator.symbol for equation in graph.equations for operator in equation.operators]
    return next((sign for sign in signs if sign in _TIMES_SIGNS), "*")


def _latex_operator(site: Site, start: int, end: int, wrong: str) -> Edit | None:
    text, solution = site.text, " ".join(site.graph.steps)
    signs = {"*": ("\\cdot", "\\times"), "/": ("\\div",)}.get(wrong, (wrong,))
    sign = max(signs, key=solution.count)
    if wrong == "/" and sign not in solution:
        return None
    spaced = text[start - 1].isspace()
    if not spaced:
        end += text[end].isspace() and text[start] == "\\"  # the blank that ends a command
        sign += " " if sign[0] == "\\" and text[end].isalnum() else ""
    return Edit(start, end, sign)
