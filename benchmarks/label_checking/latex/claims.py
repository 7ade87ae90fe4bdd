"""What an explanation claims, each claim held against the place that it names."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from label_checking.equations import read_step as read_plain
from label_checking.latex.chains import Chain, Reading, read_step
from label_checking.latex.derivations import number_of
from label_checking.latex.number_theory import true_of_numbers
from label_checking.latex.sides import Side, equal, normalized, read_side
from label_checking.latex.terms import tree
from label_checking.latex.text import is_written, numbers_in, parts_of, where_given
from label_checking.latex.values import Value, same
from label_checking.reading import Finding
from lemma.records import ErroneousSolution

_END = r"(?=\s*(?:,\s|;|:\s|\.\s|\.?$))"
_DERIVES = frozenset({
    "so", "thus", "gives", "give", "get", "getting", "hence", "therefore", "then", "find", "finding", "obtain",
    "yields", "means", "conclude", "conclusion", "leaves", "makes", "leaving", "implies", "consequently", "follows",
    "equals", "becomes", "must", "solution", "solutions",
})  # fmt: skip
_ASSUMES = frozenset({
    "if", "let", "letting", "suppose", "assume", "assuming", "setting", "set", "case", "plugging", "plug", "try",
    "trying", "consider", "choose", "say", "substituting", "taking",
})  # fmt: skip
# `when x = 2` is an assumption, `so the product is 0 when x = 2` is a result.
_CONDITIONS = frozenset({"when", "for", "where", "at"})
_KNOWN = frozenset({"given", "since", "know", "told", "because", "from"})
FOUND, GIVEN, ASSUMED = "found", "was given in the question", "was assumed"
PART = "is only part of an expression there"
REWRITTEN = "is only written in another way there"
UNSOLVED = "is the right side of an equation still to be solved"
_NAME = re.compile(
    r"(?:[a-zA-Z](?:_(?:\{[^{}]*\}|\w))?'*(?:\([^()]*\))?|[A-Z]{2,4}|\[[A-Z]+\]|P\(.*\)|m?\\angle\s*(?:\{?[A-Z]+\}?)?"
    r"|\\(?:sin|cos|tan|overline|widehat|triangle|arc)\s*(?:\{?[A-Z]+\}?|\\[a-z]+)|\\(?:alpha|beta|theta|gamma|pi|omega|lambda)"
    r"|\|?[A-Z]{1,2}\|?|[A-Z]_\{.*\}|(?:\\text\{[^{}]*\}|[\ue000-\uf8ff]))"
)


@dataclass(frozen=True, slots=True)
class Claims:
    """What was found, and whether any claim of the explanation was read."""

    findings: tuple[Finding, ...]
    is_read: bool


def check_claims(record: ErroneousSolution) -> Claims:
    """Every claim of the explanation that can be read."""
    text = record.explanation
    findings: list[Finding] = []
    is_read = False
    for pattern, rule in _RULES:
        for match in pattern.finditer(text):
            is_read = True
            findings += rule(record, match)
    findings += _unknown_numbers(record)
    return Claims(tuple(findings), is_read)


def _bare(text: str) -> str:
    """A quoted expression without the signs around it."""
    text = re.sub(r"(?<!\\)\$", "", text).strip().rstrip(".,;:").strip()
    return re.sub(r"^(?:the|a|an|only|all)\s+", "", text)


def _value(text: str) -> Value | None:
    """What a quoted expression or equation comes to, None if it can't be read."""
    side = _last_side(text)
    return side.values[0] if side is not None and side.is_number else None


def _last_side(text: str) -> Side | None:
    bare = _bare(text)
    side = read_side(bare)
    if side.is_number:
        return side
    sides = [side for chain in read_step(bare).chains for side in chain.sides]
    return sides[-1] if sides else None


def _shown(value: Value, text: str) -> bool:
    """Whether a text shows a value, as a number or as a side of an equation."""
    if isinstance(value, Fraction) and (value in numbers_in(text) or -value in numbers_in(text)):
        return True
    sides = (side for chain in read_step(text).chains for side in chain.sides)
    return any(same(value, other) for side in sides for other in side.values)


def _quoted(expression: str, text: str) -> bool:
    """Whether a text holds an expression, whatever its spaces and spelling."""
    return _letters(expression) in _letters(text)


def _letters(text: str) -> str:
    text = re.sub(r"<<.*?>>|\[asy\].*?\[/asy\]", "", text, flags=re.DOTALL)
    return re.sub(r"[\s$\\{}\ue000-\uf8ff]", "", normalized(_bare(text))).replace("x", "*")


def _found(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    value, place = _value(match["x"]), int(match["k"]) - 1
    if value is None:
        return
    detail = f"{_bare(match['x'])} in step {place + 1}"
    # An earlier step is the reference's; a later step of a reference that was shortened is not.
    if not 0 <= place < len(record.steps) or place >= record.located_step:
        yield Finding("explanation: it names a step that is no earlier step", detail)
        return
    source = record.steps[place]
    how = how_found(value, source, record.question)
    if how != FOUND:
        yield Finding(f"explanation: what a step is said to have found {how}", f"{detail}: {source[:200]}")


def plain_claims(record: ErroneousSolution) -> list[Finding]:
    """For records without LaTeX: whether what a step is said to have found is still to be solved for there, and whether
    the numbers and words that are taken from the question or a step stand there.

    >>> # "45 is what step 1 found", and step 1 says "x + 2x = 45"
    """
    findings = [*_taken_where_it_says(record)]
    for pattern, rule in _RULES:
        for match in pattern.finditer(record.explanation) if rule is _found else ():
            value, place = _value(match["x"]), int(match["k"]) - 1
            if not isinstance(value, Fraction) or not 0 <= place < len(record.steps):
                continue
            step = read_plain(record.steps[place])
            if value in {
                number for equation in step.equations for number in (equation.left.value, equation.stated.value)
            }:
                continue
            chains = [chain for chain, at in _places(read_step(record.steps[place]), value) if _solves(chain, at)]
            if chains and how_found(value, record.steps[place], record.question) in (UNSOLVED, GIVEN):
                name = f"explanation: what a step is said to have found {UNSOLVED}"
                findings.append(Finding(name, f"{_bare(match['x'])} in step {place + 1}: {record.steps[place][:200]}"))
    return findings


def _taken_where_it_says(record: ErroneousSolution) -> Iterator[Finding]:
    """`The step takes 20, the number of pens from step 1, instead of 8 ("8 for $2")`."""
    for match in re.finditer(r"\(\"(.+?)\"\)", record.explanation):
        if match[1] not in record.question:
            yield Finding("explanation: words said to be the question's are not there", match[1])
    found = re.match(r"The step takes (?P<taken>.+?) instead of (?P<due>.+?): it should be ", record.explanation)
    for name in ("taken", "due") if found is not None else ():
        text = found[name] if found is not None else ""
        word = text.split()[0].rstrip(",")
        plain = re.fullmatch(r"\$?(\d[\d,]*(?:\.\d+)?|\.\d+)%?", word)  # 1,500 is one number here
        value = Fraction(plain[1].replace(",", "")) if plain else next(iter(numbers_in(word)), Fraction(-1))
        step = re.search(r" from step (?P<k>\d+),?$", text)
        noun = re.search(r"the number of ([a-z]+)", text)
        source = record.question if step is None else record.steps[int(step["k"]) - 1]
        if value not in numbers_in(source):
            yield Finding("explanation: a number is not where it is said to be from", text)
        if noun is not None and noun[1] not in source:
            yield Finding("explanation: a noun is not where its number is said to be from", text)
        place = record.steps[record.located_step] if name == "taken" else " ".join(record.reference_steps)
        if value not in numbers_in(place):
            yield Finding("explanation: a number said to be in a step is not there", text)


def _solves(chain: Chain, place: int) -> bool:
    """Whether a side is equated with an expression in a one-letter unknown."""
    return any(
        re.search(r"(?<![A-Za-z])[a-zA-Z](?![A-Za-z])", side.text) and side.status == "letters"
        for side in _linked(chain, place)
    )


def how_found(value: Value, source: str, question: str) -> str:
    """`found` if a step computes or derives a value, else why it does not."""
    if any(_is_coordinate(value, chain) for chain in read_step(source).chains):
        return FOUND
    ways = {_way(chain, place, question) for chain, place in _places(read_step(source), value)}
    for way in (FOUND, GIVEN, ASSUMED, UNSOLVED, REWRITTEN, PART):
        if way in ways:
            return way
    if not isinstance(value, Fraction) or value not in numbers_in(source):
        return "does not occur there"
    if value not in numbers_in(" ".join(part.text for part in parts_of(source) if not part.is_formula)):
        return PART
    return GIVEN if where_given(value, question) == "text" else FOUND


def _is_coordinate(value: Value, chain: Chain) -> bool:
    """Whether names get values, of which this is one: `(m, n) = (16, 13)`, also with further pairs behind it."""
    pairs = [tree(side.text) for side in chain.sides]
    trees = [each for each in pairs if each is not None and each[0] == "t"]
    is_named = len(trees) > 1 and all(each[0] == "v" for each in trees[0][1:])
    return is_named and any(number_of(part) == {value} for each in trees[1:] for part in each[1:])


def _places(reading: Reading, value: Value) -> Iterator[tuple[Chain, int]]:
    for chain in reading.chains:
        for place, side in enumerate(chain.sides):
            if any(same(value, other) for other in side.values):
                yield chain, place


def _way(chain: Chain, place: int, question: str) -> str:
    """How a side of a chain got its value."""
    linked, here = _linked(chain, place), chain.sides[place]
    value = here.values[0]
    in_question = isinstance(value, Fraction) and where_given(value, question) == "text"
    equals = [side for side in linked if any(same(value, other) for other in side.values)]
    computed = [side for side in equals if side.operations and (side is not here or not _is_reduced(side.text))]
    is_bare = not here.operations or _is_reduced(here.text)
    if computed and is_bare and here is linked[0] and here is not computed[0]:
        return GIVEN if in_question else REWRITTEN
    # `\\frac23 \\cdot \\frac55 = \\frac{10}{15}` does not find the 2/3 of the question.
    if computed:
        return PART if in_question and not is_bare else FOUND
    says = next((word for word in reversed(chain.lead.split()) if word in _ASSUMES | _DERIVES | _KNOWN), "")
    last = chain.lead.split()[-1:]
    if says in _ASSUMES or (not says and last and last[0] in _CONDITIONS):
        how = ASSUMED
    elif in_question and says not in _DERIVES:
        how = GIVEN
    else:
        how = GIVEN if says in _KNOWN and last == [says] else FOUND
    if len(linked) == 1:
        return how if not chain.relations else UNSOLVED
    if len(linked) == 2 and any(_NAME.fullmatch(side.text.strip()) for side in linked):
        is_quoted = _letters("=".join(side.text for side in linked)) in _letters(question)
        return GIVEN if is_quoted else how
    return FOUND if len(linked) > 2 and _NAME.fullmatch(linked[0].text.strip()) else UNSOLVED


def _linked(chain: Chain, place: int) -> list[Side]:
    """The sides that nothing but equality lies between."""
    first = last = place
    while first and chain.relations[first - 1] == "=":
        first -= 1
    while last < len(chain.relations) and chain.relations[last] == "=":
        last += 1
    return list(chain.sides[first : last + 1])


def _is_reduced(text: str) -> bool:
    """Whether a side is a fraction in lowest terms: a way to write a number, not a computation."""
    found = re.fullmatch(r"-?\s*(?:(\d+)/(\d+)|\\frac\s*\{?(\d+?)\}?\s*\{?(\d+)\}?)", normalized(text))
    parts = [int(part) for part in found.groups() if part] if found else []
    return bool(parts) and parts[1] > 1 and math.gcd(*parts) == 1


def _in_question(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    value = _value(match["x"])
    if not isinstance(value, Fraction):
        return
    place = where_given(value, record.question)
    if place != "text":
        where = {"asy": "only in drawing code", "subscript": "only in a subscript", "nowhere": "nowhere in it"}[place]
        yield Finding(f"explanation: a number said to be the question's stands {where}", _bare(match["x"]))


def _not_in_question(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    value = _value(match["x"])
    if isinstance(value, Fraction) and is_written(value, record.question):
        yield Finding("explanation: a number said to be invented stands in the question", _bare(match["x"]))


def _in_error_step(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    value = _value(match["x"])
    step = record.steps[record.located_step]
    is_quoted = not isinstance(value, Fraction) and _quoted(match["x"], step)  # a root inside of a power
    if value is not None and not _shown(value, step) and not is_quoted:
        yield Finding("explanation: a number said to be in the wrong step is not there", _bare(match["x"]))


def _in_reference(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    value = _value(match["x"])
    if (
        value is not None
        and not _shown(value, "\n".join(record.reference_steps))
        and not _shown(value, record.question)
    ):
        yield Finding("explanation: a number said to be right stands nowhere in the reference", _bare(match["x"]))


def _quote_of_error(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    expression = match["x"].split("=")[0]
    if not _quoted(expression, record.steps[record.located_step]):
        yield Finding("explanation: an expression said to be the wrong step's is not there", _bare(expression))


def _quote_of_reference(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    expression = match["x"].split("=")[0]
    if not _quoted(expression, "\n".join(record.reference_steps)):
        yield Finding("explanation: an expression said to be right is not the reference's", _bare(expression))
    yield from _true(record, match)


def _true(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    bare = _bare(match["x"])
    for equation in read_step(f"${bare}$").equations or read_step(bare).equations:
        if not equation.holds:
            yield Finding("explanation: it states a false equation", equation.text)


def _calculation(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    """`4 \\times 9 is 36, not 27`: true, and the wrong step says the other."""
    if match["x"].startswith("With $"):
        return  # computed with these values among the claims about letters
    expression, right, wrong = (_last_side(match[name]) for name in ("x", "right", "wrong"))
    if expression is None or right is None or wrong is None or not expression.operations:
        return
    if not (expression.is_number and right.is_number and wrong.is_number):
        return
    if not equal(expression, right):
        yield Finding("explanation: it states a false equation", match.group())
    if equal(right, wrong):
        yield Finding("explanation: the right and the wrong result are the same", match.group())
    step = record.steps[record.located_step]
    is_quoted = not any(isinstance(value, Fraction) for value in wrong.values) and _quoted(match["wrong"], step)
    if not any(_shown(value, step) for value in wrong.values) and not is_quoted:
        yield Finding("explanation: a number said to be in the wrong step is not there", _bare(match["wrong"]))
    if not _quoted(match["x"], "\n".join(record.steps[: record.located_step + 1])):
        yield Finding("explanation: an expression said to be the wrong step's is not there", _bare(match["x"]))


def _left_out(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    """`The list leaves out (3,18)`: it stands in the reference's step, and not as often in the wrong one."""
    right, now = (_letters(steps[record.located_step]) for steps in (record.reference_steps, record.steps))
    lost = _letters(match["x"])
    if right.count(lost) <= now.count(lost):
        yield Finding("explanation: what is said to be left out is not", _bare(match["x"]))


def _one_off(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    right, wrong = _value(match["right"]), _value(match["wrong"])
    step = -1 if match["way"] == "few" else 1
    if isinstance(right, Fraction) and isinstance(wrong, Fraction) and wrong - right != step:
        yield Finding("explanation: the counts do not differ by one that way", match.group())


def _product_in_words(record: ErroneousSolution, match: re.Match[str]) -> Iterator[Finding]:
    one, other, result = (_value(match[name]) for name in "abc")
    if one is not None and other is not None and result is not None and not same(one * other, result):
        yield Finding("explanation: it states a false equation", match.group())


_SQUARED_APART = re.compile(r"(?P<a>\d+)\s+and\s+(?P<b>\d+)\s+were squared one by one")


def _unknown_numbers(record: ErroneousSolution) -> Iterator[Finding]:
    """A number that is nowhere in the record. Slips in a calculation may reason with other products and digits."""
    is_slip = record.error_type in ("calculation_error", "exponent_law_error", "fraction_error")
    is_recomputed = "the step worked with" in record.explanation or true_of_numbers(record)
    if is_slip or record.error_type == "inverse_operation_error" or is_recomputed:
        return
    everything = "\n".join(
        [record.question, *record.reference_steps, *record.steps, record.gold_answer, record.final_answer]
    )
    text = re.sub(r"\b[Ss]teps? \d+", "", re.sub(r"_\{?\d+\}?|(?<!\\)\$", " ", record.explanation.replace("{,}", ",")))
    # What the explanation computes itself may be new.
    known = numbers_in(everything) | ({Fraction(1)} if "i^2" in text else set())
    known |= {Fraction(2)} if "areas of similar figures" in text else set()
    known |= {
        value
        for chain in read_step(text).chains
        if len(chain.sides) > 1
        for side in chain.sides
        for value in side.values
    }
    if (left_out := re.search(r"the division by\s+(\d+)", text)) is not None:
        factor = int(left_out[1])  # which only the results show
        now, due = (numbers_in(steps[record.located_step]) for steps in (record.steps, record.reference_steps))
        known |= {Fraction(factor) for one in now if one / factor in due}
    if (term := re.search(r"that term should become ([^:;]+?)\.?$", text)) is not None:
        known |= numbers_in(term[1])  # computed among the claims about letters
    if (squared := _SQUARED_APART.search(text)) is not None:
        one, other = int(squared["a"]), int(squared["b"])  # 10 and 4 for 14 squared
        now, due = (numbers_in(steps[record.located_step]) for steps in (record.steps, record.reference_steps))
        if one + other in due and (one + other) ** 2 in due and one**2 + other**2 in now:
            known |= {Fraction(one), Fraction(other)}
    for match in re.finditer(r"(?<![\d.])(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?", text):
        value = Fraction(match.group().rstrip(",").replace(",", ""))
        # 80 % is what 20 % leaves.
        if not {value, 100 - value} & known and not _shown(value, everything):
            yield Finding("explanation: a number stands nowhere in the record", match.group())


_N = r"\$?\\?\$?-?(?:\d[\d,.!\\]*|\\frac\{?\d+\}?\{?\d+\}?)\$?"
_Rule = Callable[[ErroneousSolution, "re.Match[str]"], Iterator[Finding]]
_RULES: list[tuple[re.Pattern[str], _Rule]] = [
    (re.compile(pattern), rule)
    for pattern, rule in (
        (r"(?:^|(?<=[.;:]\s))(?P<x>[^;]+?) is what step (?P<k>\d+) (?:found|finds|gave|gives|computed|says)", _found),
        (rf"[Ss]tep (?P<k>\d+) (?:found|finds|gave|gives|computed|got)(?: that)? (?P<x>[^;]+?){_END}", _found),
        (
            rf"(?:problem|question) (?:also |only )?(?:says|gives|states|mentions) (?!nothing)(?P<x>[^;]+?){_END}",
            _in_question,
        ),
        (r"(?:takes|took|uses|used) (?P<x>[^;]+?) from the (?:problem|question)", _in_question),
        (r"(?:takes|took|uses|used) (?P<x>[^;]+?) from the (?:problem|question)", _in_error_step),
        (rf"(?:problem|question) (?:says|gives|states) [^;:]+?, not (?P<x>[^;]+?){_END}", _in_error_step),
        (rf"says nothing (?:of|about) (?P<x>[^;]+?){_END}", _not_in_question),
        (rf"says nothing (?:of|about) (?P<x>[^;]+?){_END}", _in_error_step),
        (rf"(?:goes|went) on with (?P<x>[^;=]+?){_END}", _in_error_step),
        (r"this step says (?P<x>[^;]+?) for", _in_error_step),
        (r"was used in place of (?P<x>[^;:,]+?):", _in_reference),
        (r"so (?P<x>[^;:,]+?) was used in place of", _in_error_step),
        (r"should (?:be|have been|read) (?P<x>[^;]+?)(?=\s*(?:;|\.\s|\.?$))", _quote_of_reference),
        (r"[Tt]he step (?P<x>[^;]+?) was skipped", _quote_of_reference),
        (r"[Tt]he step (?:add|subtract|multiplie|divide)s in (?P<x>\$[^$]+\$), where", _quote_of_error),
        (r"where it should have \w+ed: (?!not )(?P<x>[^;]+?)(?=\s*(?:;|\.\s|\.?$))", _quote_of_reference),
        (r"[Tt]he list leaves out (?P<x>\$[^$]+\$)", _left_out),
        (r": not (?P<x>[^;]+?), but", _quote_of_error),
        (r": not [^;]+?, but (?P<x>[^;]+?)(?=\s*(?:;|\.\s|\.?$))", _quote_of_reference),
        (r"^(?P<x>[^;:]+?) is (?P<right>[^;:]+?), not (?P<wrong>[^;:]+?)(?=\s*(?:;|:\s|\.\s|\.?$))", _calculation),
        (
            r"one too (?P<way>few|many): (?:the count is|there are) (?P<right>\S+)[^;,]*, not (?P<wrong>[^;,]+)",
            _one_off,
        ),
        (r"one too (?:few|many): (?:the count is|there are) \S+[^;,]*, not (?P<x>[^;,:]+)", _in_error_step),
        (rf"(?P<a>{_N}) times (?P<b>{_N}) is (?P<c>{_N})", _product_in_words),
        (rf"(?P<c>{_N}) is (?P<a>{_N}) times (?P<b>{_N})", _product_in_words),
    )
]
