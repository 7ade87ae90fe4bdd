"""The question is misread: a comparison is turned around, or another quantity is given as the answer, in the words in
which the reference says the right one.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from lemma.arithmetic.expressions import Binary
from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.propagation import Change, Edit, apply_edits, reads_well
from lemma.injectors.comparisons import DIRECTION, Comparison, comparison
from lemma.injectors.naming import is_done_elsewhere, noun_behind
from lemma.injectors.operator_error import times_sign
from lemma.injectors.proposal import ODD, SELDOM, Conclusion, Proposal, Site, shown, shuffled, sites
from lemma.injectors.signals import signals

_SAYS_OPERATION = re.compile(
    rf"\b(?:{DIRECTION}|twice|doubl\w*|tripl\w*|times|half|halv\w*|than|divid\w*|subtract\w*|multipl\w*|add\w*|minus|"
    r"plus|sum|remov\w*|differ\w*|combin\w*|reduc\w*|increas\w*|decreas\w*|improv\w*|lower\w*)\b",
    re.IGNORECASE,
)
_TURNED = {"+": "-", "-": "+", "*": "/", "/": "*", "x": "/", "×": "÷", "÷": "×"}
_TIMES = (2, 3)
_ALGEBRA = re.compile(r"(?<![A-Za-z'])[b-zB-HJ-Z](?![A-Za-z'])")
_CONNECTIVE = re.compile(r"(?:so|thus|then|therefore|hence|finally|this|that|these|after)\b", re.IGNORECASE)
_OPENS = re.compile(r"(?:So|Thus|Then|Therefore|Hence|Finally),? (?=[A-Za-z])[A-Za-z]")
_REASON = re.compile(r"\b(?:so|since|because|which|if|after|when|meaning|means)\b", re.IGNORECASE)
_ARGUMENT = re.compile(r"(?:if|since|because|as|when|after)\b", re.IGNORECASE)
_NOUN = re.compile(r"\s+([a-z]+)")
_TAKES_AWAY = re.compile(
    r"\b(?:left|remain\w*|rest|more|less|fewer|difference|change|profit|save[sd]?|still|need\w*)\b"
)
_PUTS_TOGETHER = re.compile(r"\b(?:total\w*|altogether|combined|together|sum|in all|all)\b")
_OTHER_SIGNALS = 0.6
_ASKS = re.compile(
    r"^(?:If|Since|When|After|Given|Assuming)\b.*, (?=(?:how|what|which|find|calculate)\b)", re.IGNORECASE
)
# Words of the end of a solution that say nothing of what is found.
_LIGHT = frozenset((
    "therefore", "thus", "then", "hence", "finally", "the", "that", "this", "means", "answer", "has", "have", "had",
    "was", "were", "are", "will", "would", "and", "for", "she", "his", "her", "they", "their", "there", "now", "which",
))  # fmt: skip
_STEM = 4
_NOW = re.compile(r"\b(?:now|still|finally|left|remain\w*)\b", re.IGNORECASE)
_LARGEST_ADDED_TO = 20  # 3 times 200 is not taken for 3 more
_LARGEST_COUNTED = 12
_LONGEST_QUOTE = 20  # blanks


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal | Conclusion]:
    """A comparison turned around, or a stop at an earlier result."""
    proposals: list[Iterator[Proposal | Conclusion]] = [
        _early_answers(graph, rng),
        _turned_comparisons(graph, rng),
    ]
    rng.shuffle(proposals)
    for proposal in proposals:
        yield from proposal


def _turned_comparisons(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """`20 - 5` in place of `20 + 5` for `5 more than`, `20 / 2` in place of `20 * 2` for `twice as many`."""
    for site in sites(graph, rng):
        tree, operands = site.equation.tree, site.equation.operands
        if is_done_elsewhere(site):
            continue  # who adds 5 for each day adds 5 for the next
        if graph.latex or not isinstance(tree, Binary) or len(operands) != 2 or _ALGEBRA.search(site.text):
            continue
        sign = site.equation.operators[0]
        turned = _TURNED.get(sign.symbol)
        units = site.expression.count("/") > (sign.symbol == "/")
        if turned is None or units:
            continue
        for leaf, operand, _ in site.operands():
            other = operands[1 - leaf]
            if site.links[leaf].results or operand.face == other.face:
                continue
            found = comparison(graph.question, operand, tree.operator)
            said = None if found is None else found.quoted(graph.question)
            # After "Azibo = B - 20" nobody takes Azibo's for 20 more.
            number = re.compile(rf"(?<![\d.,]){re.escape(site.text[operand.start : operand.end])}(?!\d|[.,]\d)")
            is_read = any(map(number.search, graph.steps[: site.step]))
            if found is None or said is None or is_read or not _is_open(site, found):
                continue
            moved: list[Edit] = []
            if leaf == 0:  # 5 + 20 is turned around to 20 - 5
                if tree.operator in "-/" or operand.currency != other.currency:
                    continue
                first, second = (site.text[number.start : number.end] for number in operands)
                moved = [Edit(operand.start, operand.end, second), Edit(other.start, other.end, first)]
            readings = [(turned, "the other way around", moved, ODD if found.plain else 1)]
            plain = isinstance(operand.face, int) and not (operand.currency or other.currency)
            if tree.operator == "*" and "times" in found.words and plain and other.face <= _LARGEST_ADDED_TO:
                readings.append(("+", f"for {operand.face} more", [], 1))
            elif tree.operator == "+" and operand.face in _TIMES and plain and "more" in found.words:
                readings.append((times_sign(graph), f"for {operand.face} times", [], SELDOM))
            for symbol, way, others, weight in shuffled(readings, rng):
                yield Proposal(
                    Change(site.index, (Edit(sign.start, sign.end, symbol), *others)),
                    f'The problem says "{said}", which the step takes {way}: it should be {site.worked}.',
                    weight,
                )


def _is_open(site: Site, found: Comparison) -> bool:
    """Whether the words of a step allow the other operation: one that says "5 less than" subtracts, but "12 is 5 less
    than what Bob has" tempts to subtract as well.
    """
    begins = " ".join(found.words.split()[:3])
    return not _SAYS_OPERATION.search(site.text) or (not found.plain and begins in site.text)


def _early_answers(graph: SolutionGraph, rng: random.Random) -> Iterator[Conclusion]:
    """The equation of an earlier step in the sentence that states the answer, where that step would stand."""
    last = len(graph.steps) - 1
    frame = Site(graph, len(graph.equations) - 1)
    end = graph.question.rfind("?") + 1
    asked = graph.question[max(graph.question.rfind(mark, 0, end - 1) + 1 for mark in (". ", "? ", "! ")) : end].strip()
    asked = _ASKS.sub("", asked)
    computed = graph.final == frame.index and graph.step_of[frame.index] == last if graph.equations else False
    # What LaTeX solutions find on the way is seldom a quantity that the question could ask for.
    if graph.latex or not asked or not computed or not _is_plain(frame) or _SAYS_OPERATION.search(frame.text):
        return
    # A number that comes from nowhere leaves open what the last calculation is about; a small one is just counted.
    if any(not link.known and number.face > _LARGEST_COUNTED for _, number, link in frame.operands()):
        return
    right = frame.equation
    if _REASON.search(frame.text, 3, right.start):
        return  # what it says of the last calculation is not true of another
    for site in sites(graph, rng):
        equation, result = site.equation, site.equation.result
        if site.step == last or result.face == graph.gold or not (_is_alone(site) and _is_alike(site, frame)):
            continue
        faces, others = ((*(number.face for number in one.operands), one.result.face) for one in (right, equation))
        is_money = right.result.currency
        if (
            not is_money
            and all(isinstance(face, int) for face in faces)
            and not all(isinstance(face, int) for face in others)
        ):
            continue  # where whole things are counted, there are no fractions
        if signals(site.text) != signals(frame.text) and rng.random() > _OTHER_SIGNALS:
            continue
        opening = _OPENS.match(frame.text) if site.step == 0 else None
        if site.step == 0 and opening is None and _CONNECTIVE.match(frame.text):
            continue
        if _NOW.search(frame.text) and not _NOW.search(site.text):
            continue  # what comes of something that has not happened yet
        number = shown(right.result, result.face).lstrip("$").rstrip("%")
        # The dollar sign of the first number stands before the expression.
        own, start = (one.equation.start - one.text[: one.equation.start].endswith("$") for one in (site, frame))
        edits = (
            Edit(start, right.end, site.text[own : equation.end]),
            Edit(right.result.start, right.result.end, number),
        )
        told = apply_edits(frame.text, edits)
        if opening is not None:  # "So he pays" is no first step
            told = told[opening.end() - 1].upper() + told[opening.end() :]
        money = "$" if result.currency else ""
        sentence = f"{site.text[: equation.start].rstrip('$ ')} {money}{site.text[result.start :].rstrip('. ')}".strip()
        yield Conclusion(
            site.step,
            told,
            result.face,
            # A whole argument is no name of a quantity.
            f"The step answers with {site.worked}"
            + ("" if _ARGUMENT.match(sentence) or sentence.count(" ") > _LONGEST_QUOTE else f', that is, "{sentence}"')
            + f'. That is not yet the answer to the question: "{asked}".',
            1 if _content(frame) <= _content(site) else ODD,
        )


def _content(site: Site) -> set[str]:
    """The stems of the words with which a step says what it found, so that one sentence is not made to say something
    else: "he spent 15 hours on these activities" is not "he spent 15 hours sightseeing".
    """
    equation = site.equation
    words = re.findall(r"[a-z]{3,}", f"{site.text[: equation.start]} {site.text[equation.result.end :]}".lower())
    return {word[:_STEM] for word in words if word not in _LIGHT}


def _is_plain(site: Site) -> bool:
    """Whether a step is a sentence around one equation, with nothing between the numbers, and has no other numbers."""
    graph = site.graph
    said = graph.readings[site.step].mentions or graph.word_values[site.step] or graph.unseen[site.step]
    return _is_alone(site) and not said


def _is_alone(site: Site) -> bool:
    """Whether a step is a sentence around one equation, with nothing between the numbers."""
    equation, reading = site.equation, site.graph.readings[site.step]
    between = site.text[equation.end : equation.result.start]
    alone = len(reading.equations) == 1 and not (reading.unread or _ALGEBRA.search(site.text))
    return alone and equation.visible and not equation.chained and between.strip("$ ") == "="


def _is_alike(site: Site, frame: Site) -> bool:
    """Whether a result can be said in the words of the frame: of the same unit, and not against their sense."""
    own, other = site.equation.result, frame.equation.result
    ends = [(one.text, one.equation.result.end) for one in (site, frame)]
    words = [_NOUN.match(*end) for end in ends]
    nouns = [(noun_behind(*end) or "").split()[-1:] for end in ends]
    same_noun = len({word and word.group(1) for word in words}) == 1 and (words[0] is not None or own.currency)
    same_noun = same_noun or (nouns[0] == nouns[1] != [])
    minus = "-" in site.expression
    sense = not (_TAKES_AWAY.search(frame.text) and not minus)
    if _PUTS_TOGETHER.search(frame.text):
        earlier = [Site(site.graph, index) for index in range(site.index)]
        more = [one for one in earlier if one.equation.result.face > own.face]
        # Nor is a total less than what has been found of the same.
        sense &= not minus and not any(
            one.equation.result.currency == own.currency
            and (noun_behind(one.text, one.equation.result.end) or "").split()[-1:] == nouns[0]
            for one in more
        )
    alike = (own.currency, own.percent) == (other.currency, other.percent)
    return same_noun and sense and alike and reads_well(other, own.face)
