"""What the numbers of a problem count, in the words of the problem: `the number of red pens`, `"$14 for an adult"`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from lemma.arithmetic.expressions import nodes
from lemma.arithmetic.graph import Link, SolutionGraph, values_of_words
from lemma.arithmetic.numbers import Number, Value, find_numbers
from lemma.injectors.proposal import MEASURES, Site
from lemma.injectors.quoting import SENTENCE_END, clause_around, words_around

_NO_NOUNS = frozenset((
    "times", "less", "this", "was", "has", "his", "does", "goes", "costs", "plus", "minus", "equals", "its", "hers",
    "others", "sells", "makes", "gives", "gets", "eats", "buys", "needs", "takes", "uses", "always", "perhaps",
    "whereas", "thus", "various", "across", "towards", "besides", "unless", "pays", "earns", "spends", "sees", "runs",
))  # fmt: skip
_NO_ADJECTIVES = frozenset((
    "and", "or", "of", "for", "in", "on", "to", "with", "than", "as", "if", "but", "who", "that", "which", "from", "by",
    "at", "per", "an", "a", "the", "his", "her", "their", "each", "every", "is", "are", "was", "were", "when", "while",
    "so", "then", "after", "before", "because", "out", "into", "off", "over", "less", "times", "its", "my", "your",
))  # fmt: skip
_WORD = re.compile(r" ([a-z]+(?:-[a-z]+)*)")
_PLURALS = frozenset(
    ("people", "children", "grandchildren", "men", "women", "feet", "mice", "geese", "fish", "sheep", "teeth", "deer")
)
_EACH = re.compile(
    r" (?:each (?:hour|minute|day|night|week|weekend|month|year|time)"
    r"|each(?=[.,;?!)]|$| (?:and|for|to|in|on|at|with|while|but)\b)|per [a-z]+"
    r"|(?:in|for|of|on) each (?!of\b)[a-z]+|an? (?:hour|minute|day|week|month|year)|every [a-z]+)\b"
)
_MEASURED = re.compile(r" (?:old|older|younger|ago|long|tall|wide|high|deep|away|later|more|less|fewer|from|than)\b")
_BOTH_SIDES = re.compile(r"\b(?:add|subtract)\w* \$?[\d.,]+ (?:to|from) both\b", re.IGNORECASE)
_COMPARED = re.compile(
    r"(?: (?!times\b)[a-z]+)? (?:more|less|fewer|taller|shorter|older|younger|longer|heavier|lighter) than\b"
)
_DIFFERENCE = re.compile(
    r"(?: (?!times\b)[a-z]+)? (?:more|less|fewer|taller|shorter|older|younger|longer|heavier|lighter|extra)\b"
)
_NAMES = re.compile(r"\b[A-Z][a-z]+\b")
_LARGER = re.compile(
    r"(?P<one>\b[A-Z][a-z]+)(?:['’]s)?(?: [a-z]+){1,3} (?P<amount>\d+)(?: [a-z]+){0,2} "
    r"(?:more|longer|taller|older|heavier|larger|bigger|higher)(?: [a-z]+){0,2} than (?P<other>[A-Z][a-z]+)"
)
# "Each bag holds 2 cubic feet", "John is 28 now": what a step may not say otherwise.
_EACH_IS = re.compile(
    r"\b[Ee]ach (?P<thing>[a-z]+)(?: of [a-z]+| [a-z]+){0,3}? (?:is|are|holds|weighs|contains) \$?"
    r"(?P<number>\d+(?:\.\d+)?) (?P<unit>[a-z]+ [a-z]+|[a-z]+)\b"
)
_IS_NOW = re.compile(r"\b(?P<name>[A-Z][a-z]+) is (?:now|currently) (?:[\d+*/ -]+= ?)?(?P<number>\d+)(?=[.,;!]|$|\n)")
_TWO_PRICES = re.compile(
    r"\$(?P<all>[\d,.]*\d) per (?P<unit>[a-z]+)\b[^.]{0,40}"
    r"\$(?P=all) ?/ ?[\d.]+ ?= ?\$(?P<one>[\d,.]*\d) per (?P=unit)\b"
)
_MULTIPLES: dict[Value, str] = {
    2: "twice|doubles?|doubled|two times|half|halves|halved",
    3: "thrice|triples?|tripled|three times|thirds?|one-third",
    4: "four times|quarters?|fourths?|one-fourth|quadruple",
    5: "five times|fifths?",
    **{value: f"{word} times" for value, word in enumerate(("six", "seven", "eight", "nine", "ten"), 6)},
}
_NUMBER_WORDS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
# What stands between the first and the last of several counts: `glasses and`, `jumping jacks, 8 pushups, and`.
_LISTED = re.compile(r"(?:(?: [a-z-]+){1,3}(?:,| and|, and) (?:\d+(?=\s))?){1,3}")
_AREA = re.compile(r" ?(?:square|sq)\b", re.IGNORECASE)
UNNAMED = " from the problem"  # of which nothing more can be said
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b")
_FACTOR = re.compile(r" times\b|-?fold\b|\s?/\s?\d", re.IGNORECASE)
_AM_PM = re.compile(r"\s?[ap]\.?m\b", re.IGNORECASE)
_WRITTEN_OUT = {
    "g": "grams", "kg": "kilograms", "mg": "milligrams", "ml": "milliliters", "lb": "pounds", "lbs": "pounds",
    "oz": "ounces", "km": "kilometers", "cm": "centimeters", "mph": "miles/",
}  # fmt: skip
_MEASURE = re.compile(rf" ?({'|'.join(_WRITTEN_OUT)})\b", re.IGNORECASE)
_HYPHENED = re.compile(
    r"-(pound|mile|inch|gallon|ounce|minute|hour|day|week|month|year|meter|kilometer|kilogram|gram|liter|quart|yard|ton)\b"
)
_PER = re.compile(r" ?/ ?[a-z]| (?:per|an) [a-z]")
# Nobody multiplies one of these by the same: grams by grams.
_NO_SQUARES = frozenset(("$", "grams", "kilograms", "milliliters", "liters", "pounds", "ounces", "gallons", "tons"))
_FARTHEST = 5  # times a number, up to which another is taken for it
_MOST_QUOTED, _LONG_CLAUSE = 20, 12  # blanks in what one explanation quotes, and in one clause
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
        plural = word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3
        if word in _PLURALS or (plural and word not in _NO_NOUNS):
            while words[0] in _QUANTIFIERS and len(words) > 1:
                words.pop(0)
            return " ".join(words)
        if word in _NO_ADJECTIVES:
            return None
    return None


@lru_cache(maxsize=4096)
def numbers_of(question: str) -> tuple[Number, ...]:
    """The numbers of a question in digits."""
    return tuple(find_numbers(question))


@lru_cache(maxsize=4096)
def sentences_apart(question: str, one: Value, other: Value) -> int:
    """How many sentences lie between two numbers of a question, at the nearest places where they stand; 0 within one.

    >>> sentences_apart("Al has 5 cats. Bo has 2 more than Al. Cy has 9 cats.", 5, 9)
    2
    """
    starts = {face: [found.start for found in numbers_of(question) if found.face == face] for face in (one, other)}
    pairs = [sorted((first, second)) for first in starts[one] for second in starts[other]]
    return min((len(SENTENCE_END.findall(question, *pair)) for pair in pairs), default=0)


def numbers_in(graph: SolutionGraph) -> set[Value]:
    """All numbers of a problem and its solution."""
    if "numbers" not in graph.memo:
        known: set[Value] = {*graph.question_values} | {mention.number.face for mention in graph.mentions}
        for equation in graph.equations:
            known |= {number.face for number in (*equation.operands, equation.result)}
        graph.memo["numbers"] = known
    found: set[Value] = graph.memo["numbers"]
    return found


def is_counted(site: Site, operand: Number, result: Number) -> bool:
    """Whether an operand may stand for what a result counts: not 15 apps for $60, nor the 2 of `twice`."""
    question = site.graph.question
    stated = [number for number in numbers_of(question) if number.face == operand.face]
    computed = any(link.results for _, number, link in site.operands() if number == operand)
    if any(_FACTOR.match(question, number.end) for number in stated) or not (stated or computed):
        return False
    places = [(question, number.end) for number in stated] + [(site.text, operand.end)]
    for _, number, link in site.operands():
        if number == operand and link.results:  # the 12 of "24 / 2 = 12 months"
            source = Site(site.graph, link.results[-1])
            places.append((source.text, source.equation.result.end))
    counted = {noun.split()[-1] for place in places if (noun := noun_behind(*place)) is not None}
    unit = noun_behind(site.text, result.end)
    if result.currency and not operand.currency:
        return not counted
    return unit is None or not counted or unit.split()[-1] in counted


def beside_its_like(site: Site) -> bool:
    """Whether a step next to this one does the same in nearly the same words: whoever writes the two would not get one
    of them wrong.
    """
    known = site.graph.memo.setdefault("beside_its_like", {})  # several injectors ask for it
    if site.index not in known:
        known[site.index] = _is_beside_its_like(site)
    found: bool = known[site.index]
    return found


def _is_beside_its_like(site: Site) -> bool:
    graph, own = site.graph, tuple(operator.symbol for operator in site.equation.operators)
    words = _words_of(site.text)
    for index in (site.index - 1, site.index + 1):
        if not 0 <= index < len(graph.equations) or abs(graph.step_of[index] - site.step) > 1:
            continue
        if any(min(index, site.index) in link.results for link in graph.operand_links[max(index, site.index)]):
            continue
        other = _words_of(graph.steps[graph.step_of[index]])
        if tuple(operator.symbol for operator in graph.equations[index].operators) != own:
            continue
        faces = {operand.face for operand in graph.equations[index].operands}
        shared = not faces.isdisjoint(operand.face for operand in site.equation.operands)
        if graph.step_of[index] == site.step:
            if shared:
                return True
        elif 2 * len(words & other) >= len(words | other):
            return True
    return False


def is_done_elsewhere(site: Site) -> bool:
    """Whether another equation does the same with one of these numbers: who writes 6 * 5 and 4 * 5 writes 8 * 5."""
    own, faces = site.equation, {operand.face for operand in site.equation.operands}
    return any(
        index != site.index
        and [sign.symbol for sign in other.operators] == [sign.symbol for sign in own.operators]
        and not faces.isdisjoint(operand.face for operand in other.operands)
        for index, other in enumerate(site.graph.equations)
    )


@lru_cache(maxsize=4096)
def _words_of(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]{3,}", text.lower()))


def false_words(graph: SolutionGraph) -> str | None:
    """Words of a reference that say another number than its equations do, as far as that can be told: `Adding 4 to both
    sides` where nothing gives a 4, and `$80 per pizza` where the same step finds $20 per pizza.
    """
    for mention in graph.mentions:
        text, number = graph.steps[mention.step], mention.number
        said = text[max(0, number.start - 30) : number.end + 30]
        known = mention.link.known or any(
            number.face == found.face for step in graph.steps[: mention.step] for found in find_numbers(step)
        )
        if not known and (_BOTH_SIDES.search(said) or _COMPARED.match(text, number.end)):
            return said
    compared = _LARGER.search(graph.question)
    for index, equation in enumerate(graph.equations if compared is not None else ()):
        text, amount = graph.steps[graph.step_of[index]], equation.operands[-1].face
        named = _NAMES.findall(text)
        # "Emily's hair is 6 inches longer than Logan's": hers is no difference.
        for found in _LARGER.finditer(graph.question):
            minus = [operator.symbol for operator in equation.operators] in (["-"], ["–"])
            if minus and found["amount"] == str(amount) and named[:1] == [found["one"]] and found["other"] not in named:
                return text
    for step, text in enumerate(graph.steps):
        for found in (*_EACH_IS.finditer(text), *_IS_NOW.finditer(text)):
            if _is_restated_falsely(graph, step, found):
                return found.group()
        match = _TWO_PRICES.search(text)
        if match is not None and match["all"] != match["one"]:
            return match.group()
    return None


def _is_restated_falsely(graph: SolutionGraph, step: int, found: re.Match[str]) -> bool:
    """Whether a step gives another number for what the question states once, in the same unit, or of the same person:
    `each bag is 0.75 cubic feet`, where it holds 2 and the step works with 2. The number is used nowhere.
    """
    question, number = graph.question, found["number"]
    if found.re is _IS_NOW:
        ages = re.findall(
            rf"\b{found['name']} is (?:(?:now|currently) (\d+)(?=[.,;!?]| years old[.,])|(\d+) (?:years old )?now\b)",
            question,
        )
        return len(ages) == 1 and number not in ages[0]
    stated = re.findall(rf"\b[Ee]ach {found['thing']}\b[^.?!\d]{{0,60}}?(\d+(?:\.\d+)?) {found['unit']}\b", question)
    own = re.compile(rf"(?<![\d.]){re.escape(number)}(?!\d|\.\d)")
    uses = [text for text in (question, *graph.steps) for _ in own.finditer(text)]
    told = re.search(rf"(?<![\d.]){re.escape(stated[0])}(?!\d|\.\d)", graph.steps[step]) if len(stated) == 1 else None
    return told is not None and len(uses) == 1


def is_taken_for(site: Site, leaf: int, wrong: Value, source: Link) -> bool:
    """Whether somebody would take a value for an operand: it counts the same things, plays the same part and is of its
    size. Nobody adds 2 pairs to $132, multiplies 6 minibuses by 10 drivers, or takes "5 fewer" for 5 of them.
    """
    equation, graph, operand = site.equation, site.graph, site.equation.operands[leaf]
    if source.results and graph.equations[source.results[-1]].result.percent != operand.percent:
        return False  # 50 is not 50%
    if graph.latex:
        return True
    link = site.links[leaf]
    numbers = ((operand.face, link), (wrong, source))
    said_twice = any(one.question and _is_said_twice(graph.question, face) for face, one in numbers)
    areas = {number.face for number in numbers_of(graph.question) if _AREA.match(graph.question, number.end)}
    if said_twice or (source.question and wrong not in areas and _is_area(site, operand, link)):
        return False
    due_part = part_of(graph.question, operand.face) if link.question else ""
    same_part = not source.question or part_of(graph.question, wrong) == due_part
    parent = next(node for node in nodes(equation.tree) if leaf in (node.left, node.right))
    due, taken = units_of(site, operand.face, link), units_of(site, wrong, source)
    if parent.operator in "+-":
        if equation.result.currency or any(other.currency for other in equation.operands):
            due = {"$"}
        elif (noun := noun_behind(site.text, operand.end)) is not None:
            due = {noun.split()[-1]}
    elif parent.operator == "*":
        for other, number in enumerate(equation.operands):
            if other != leaf and other in (parent.left, parent.right):
                units = {"$"} if number.currency else set()
                if site.links[other].results:
                    units |= units_of(site, number.face, site.links[other]) - {"$"}
                if _NO_SQUARES & taken & units:
                    return False
    unlike = bool(due and taken) and due.isdisjoint(taken)
    smaller, larger = sorted((wrong, operand.face))
    if unlike and parent.operator not in "+-" and link.question and source.question:
        unlike = not _are_listed(graph.question, operand.face, wrong)
    return same_part and not unlike and larger <= _FARTHEST * smaller


@lru_cache(maxsize=4096)
def _is_said_twice(question: str, face: Value) -> bool:
    """Whether a question has a number in digits and in words, so that it may be either: 5 minutes, five omelets."""
    if not isinstance(face, int) or not 0 < face < len(_NUMBER_WORDS):
        return False
    in_digits = any(number.face == face for number in numbers_of(question))
    return in_digits and re.search(rf"\b{_NUMBER_WORDS[face]}\b", question, re.IGNORECASE) is not None


def _is_area(site: Site, number: Number, link: Link) -> bool:
    """Whether a number of a step is an area, by the words behind it or behind the result that it is."""
    graph = site.graph
    places = [(site.text, number.end)]
    places += [(graph.steps[graph.step_of[index]], graph.equations[index].result.end) for index in link.results]
    return any(_AREA.match(*place) for place in places)


def _are_listed(question: str, one: Value, other: Value) -> bool:
    """Whether a question counts two things alike, so that one count is taken for the other: `5 large glasses and 3
    small ones`, `12 jumping jacks, 8 pushups, and 20 situps`, `15 candied apples for $2 each and 12 candied grapes`.
    """
    numbers = numbers_of(question)
    places = [index for index, number in enumerate(numbers) if number.face in (one, other)]
    if len(places) != 2:
        return False
    first, last = (numbers[index] for index in places)
    adjectives = {(noun_behind(question, number.end) or "").rpartition(" ")[0] for number in (first, last)}
    if len(adjectives) == 1 and adjectives != {""}:
        return True
    return _LISTED.fullmatch(question, first.end, last.start) is not None


@lru_cache(maxsize=4096)
def part_of(question: str, face: Value) -> str:
    """What part a number of the question plays, if it stands there once: a difference, a factor, or an amount."""
    numbers = [number.end for number in numbers_of(question) if number.face == face]
    places = [end for end in numbers if not _ORDINAL.match(question, end)]
    if not places and isinstance(face, int) and 0 < face < len(_NUMBER_WORDS):
        places = [word.end() for word in re.finditer(rf"\b{_NUMBER_WORDS[face]}\b(?! times)", question, re.IGNORECASE)]
    if not places and face in _MULTIPLES and re.search(rf"\b(?:{_MULTIPLES[face]})\b", question, re.IGNORECASE):
        return "factor"
    if len(places) != 1:
        return ""
    return (
        "difference" if _DIFFERENCE.match(question, places[0]) else "factor" * bool(_FACTOR.match(question, places[0]))
    )


def units_of(site: Site, face: Value, link: Link) -> set[str]:
    """What a value counts, as far as the question or the step that found it says so: `$`, `%`, or a noun."""
    graph = site.graph
    if link.results:
        step, result = graph.step_of[link.results[-1]], graph.equations[link.results[-1]].result
        # "There are 18 trees because 2 * 9 = 18."
        said = [mention for mention in graph.readings[step].mentions if mention.face == face]
        places = [(graph.steps[step], number) for number in (result, *said)]
    else:
        places = [(graph.question, number) for number in numbers_of(graph.question) if number.face == face]
    units = set()
    for text, number in places:
        noun, measure = noun_behind(text, number.end), _MEASURE.match(text, number.end)
        hyphened = _HYPHENED.match(text, number.end)
        if measure is not None:
            units.add(_WRITTEN_OUT[measure.group(1).lower()])
        elif hyphened is not None:  # "a 25-pound backpack"
            units.add(hyphened.group(1) + "s" * (hyphened.group(1) + "s" in MEASURES))
        elif text[number.start - 1 : number.start] == "$" or text[number.end : number.end + 1] in ("$", "%"):
            units.add("%" if text[number.end : number.end + 1] == "%" else "$")
        elif noun is not None:
            rate = _PER.match(text, text.index(noun, number.end) + len(noun))
            units.add(noun.split()[-1] + "/" * (rate is not None))
    return units


def taken_for(site: Site, operand: Number, wrong: Value, link: Link, source: Link) -> str | None:
    """That a step takes one value in the place of an operand: `The step takes 20, the number of red pens, instead of
    12, the number of blue caps`, or with the words of the text around them if their nouns do not tell them apart. The
    links say where the two come from. None if nothing tells them apart.
    """
    if site.graph.latex:
        right, other = site.shown(operand, operand.face), site.shown(operand, wrong)
        if source.question:
            return f"The step takes {other} from the problem where {right} belongs"
        step = site.graph.step_of[link.results[-1]] + 1
        return f"Step {step} found {right}, but this step goes on with {other}"
    pairs = ((wrong, source), (operand.face, link))
    nouns = [_noun_of(site, *pair) for pair in pairs]
    said = [quoted_for(site, *pair, operand.currency) for pair in pairs]
    # "The number of toy soldiers" may be that of the unique toy soldiers.
    named = sorted((noun for noun, _ in filter(None, nouns)), key=len)
    if len(named) == len(pairs) and not named[-1].endswith(named[0]):
        said = [f", the number of {noun}{where}," for noun, where in filter(None, nouns)]
    said = _short_enough(site, pairs, said, operand.currency)
    # "$55 per dozen" instead of "$80 per dozen" does not say which is which.
    masked = {re.sub(r"[\d.,]+", "", quote or "") for quote in said}
    says_nothing = len(masked) == 1 and said[0] != said[1] and link.question and source.question
    if None in said or says_nothing or not is_from_one_place(site, wrong, source):
        return None
    # No quotation for one value holds the other: if the longer one holds both, it serves for both, else there is none.
    shown = [site.shown(operand, wrong), site.as_written(operand)]
    held = [
        [re.search(rf"(?<![\d.,$]){re.escape(one)}(?!\d|[.,]\d)", quote or "") is not None for one in shown]
        for quote in said
    ]
    if link.question and source.question and (held[0][1] or held[1][0]):
        both = [quote for quote, holds in zip(said, held, strict=True) if all(holds)]
        if not both:
            return None
        said = [max(both, key=lambda quote: len(quote or ""))] * len(said)
    if said[0] == said[1]:  # both stand in one clause of the question
        quote = (said[0] or "").strip(" (),")
        return f"The step takes {shown[0]} instead of {shown[1]}, both from {quote}"
    return f"The step takes {shown[0]}{said[0]} instead of {shown[1]}{said[1]}".rstrip(",")


def is_from_one_place(site: Site, face: Value, link: Link) -> bool:
    """Whether a value can only come from where a link says: it is stated once in the question, also in words, or found
    by one earlier step, and not both.
    """
    graph = site.graph
    stated = [number.face for number in numbers_of(graph.question)].count(face)
    stated += face in _said_in_words(graph.question)
    found = {graph.step_of[index] for index in range(site.index) if graph.equations[index].result.face == face}
    return len(found) == 1 and not stated if link.results else stated == 1 and not found


def _short_enough(
    site: Site, pairs: Sequence[tuple[Value, Link]], said: Sequence[str | None], money: bool
) -> list[str | None]:
    """What is said of two values, in fewer words from the longer quotation on if both together are long."""
    short = list(said)
    for at in sorted(range(len(short)), key=lambda at: -len(short[at] or "")):
        if sum((quote or "").count(" ") for quote in short) > _MOST_QUOTED:
            short[at] = quoted_for(site, *pairs[at], money, short=True)
    return short


def called(site: Site, face: Value, link: Link) -> str:
    """A value in the words of the problem around it: `4 ("Joe has 4 pens")`."""
    operand = site.equation.operands[-1]
    return f"{site.shown(operand, face)}{quoted_for(site, face, link, operand.currency) or UNNAMED}"


def _noun_of(site: Site, face: Value, link: Link) -> tuple[str, str] | None:
    """What a value counts and where that is said, if the question or the step that found it has no other number of the
    same things: `blue pens`, but not `yogurts` where the question has "2 yogurts a day" and "4 yogurts for $5".
    """
    graph = site.graph
    if link.results:
        step, result = graph.step_of[link.results[-1]], graph.equations[link.results[-1]].result
        text, places, where = graph.steps[step], [result], f" from step {step + 1}"
        numbers: Sequence[Number] = [equation.result for equation in graph.equations]
        others = [noun_behind(graph.steps[at], one.end) for at, one in zip(graph.step_of, numbers, strict=True)]
    else:
        text, where, numbers = graph.question, "", numbers_of(graph.question)
        places = [found for found in numbers if found.face == face]
        others = [noun_behind(text, found.end) for found in numbers]
    if len(places) != 1 or text[places[0].start - 1 : places[0].start] == "$":
        return None
    noun = noun_behind(text, places[0].end)
    if noun is None or noun.split()[-1] in MEASURES:
        return None
    alike = [other for other in others if other is not None and other.split()[-1] == noun.split()[-1]]
    # "7 red pens and 8 blue pens" are told apart, "4 yogurts" and "2 yogurts a day" are not.
    if len(alike) > 1 and (alike.count(noun) > 1 or noun.split()[-1] in alike):
        return None
    end = text.index(noun, places[0].end) + len(noun)
    each = None if link.results else _EACH.match(text, end)
    return None if _MEASURED.match(text, end) else (noun + (each.group() if each is not None else ""), where)


@lru_cache(maxsize=64)
def _said_in_words(question: str) -> frozenset[Value]:
    return frozenset(values_of_words(question))


def quoted_for(site: Site, face: Value, link: Link, money: bool, *, short: bool = False) -> str | None:
    """The clause in which the text says a value, which is an amount of `money` or none; if it is long or has to be
    `short`, the calculation of the step, or only the words at the number. None if it is said in several places.
    """
    graph = site.graph
    if link.results:
        source = Site(graph, link.results[-1])
        start, end = source.equation.start, source.equation.result.end
        clause = clause_around(source.text, start - (source.text[start - 1 : start] == "$"), end)
        if short or clause is None or not re.search(r"[A-Za-z]{2} .*?[A-Za-z]{2}", clause):
            return f", the result of {source.in_numbers} from step {source.step + 1},"
        return f', "{clause}" from step {source.step + 1},'
    question = graph.question
    if face in _said_in_words(question):
        return None  # "$2 for a pack" does not say where the 2 of "two packs" comes from
    places = [found for found in numbers_of(question) if found.face == face]
    # Of "4 pens for $4", the 4 of 4 * $3 is that of the pens, but that of 60 / 4 may be either.
    if len(places) > 1 and any(number.currency for number in site.equation.operands):
        places = [found for found in places if question[: found.start].endswith("$") == money]
    if len(places) != 1 or question[: places[0].start].endswith(":") or _AM_PM.match(question, places[0].end):
        return None  # a time of day counts nothing
    clause = None if short else clause_around(question, places[0].start, places[0].end)
    if clause is None or clause.count(" ") >= _LONG_CLAUSE:
        clause = words_around(question, places[0].start, places[0].end) or clause
    return None if clause is None else f' ("{clause}")'
