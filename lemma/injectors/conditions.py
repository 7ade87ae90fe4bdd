"""What the words of a problem and of a step say that a wrong value or a wrong sign would contradict."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from lemma.algebra.reading import formula_spans
from lemma.arithmetic.chain_solution import box_spans
from lemma.arithmetic.latex import DRAWING
from lemma.arithmetic.numbers import Value
from lemma.exceptions import Refusal
from lemma.grading.verdict import exact_value

# Words that judge a value: what they say may be false of the wrong one.
ASKS_COUNT = re.compile(r"\bhow many\b|\bnumber of\b", re.IGNORECASE)
JUDGES = re.compile(
    r"\b(?:"
    r"check\w*|verif\w+|testing|indeed|contradict\w+|impossible|even|odd|prime|integer|integers|whole|perfect|"
    r"divisible|divides|multiple|positive|negative|nonnegative|smallest|largest|greatest|least|maximum|"
    r"minimum|larger|smaller|greater|less|closest|between|distinct|unique|only|never|always|graph\w*|"
    r"intersect\w*|discard\w*|reject\w*|cannot|can't|nonzero|must|extraneous|real|undefined|valid|"
    r"satisf\w+|factors|digit\w*|as desired|difference of|sum of (?:squares|cubes)|works?"
    r")\b",
    re.IGNORECASE,
)
# Words that test a value or compare it with others: they are false of a wrong one wherever they stand behind it.
_TESTS = re.compile(
    r"\b(?:check\w*|verif\w+|testing|indeed|contradict\w+|impossible|extraneous|satisf\w+|as desired|"
    r"(?:do|does|not|that|this|it|which|values?|indeed) works?|smallest|largest|greatest|least)\b",
    re.IGNORECASE,
)
# What there is of each, or how often: nobody adds such numbers up.
RATE = re.compile(
    r"\b(?:each|every|per|apiece|times|half|third|quarter|percent|double|twice|triple)\b|\ban? "
    r"(?:hour|day|week|month|year|minute|second|mile|pound|dozen)\b|%",
    re.IGNORECASE,
)
_OPERATION = re.compile(
    r"\b(?:add(?:s|ed|ing)?|subtract(?:s|ed|ing)?|plus|minus|cancel\w*|(?:both|each) sides?)\b", re.IGNORECASE
)
# What is counted, behind its number: `$ distinct arrangements`.
COUNTED = re.compile(
    r"[\s$}]{0,4}(?:\\text\{\s*)?(?:different |distinct |possible |positive |such |total |integer |whole |real "
    r"|two-digit |unique |rational ){0,3}(?:ways|values?|integers|numbers|factors|divisors|multiples|solutions|"
    r"pairs|points|combinations|arrangements|possibilities|choices|triangles|squares|paths|outcomes|terms|digits|zeroe?s|elements|"
    r"subsets|primes|roots|handshakes|games|teams|people|students|words)\b"
)
_SAYS_NUMBER = re.compile(r"(?<![\^\d])(?<!\^\{)\d")
_FAR, _CLOSE = Fraction(10**30), Fraction(1, 10**9)
_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_N = r"-?(?:\\[dt]?frac\{\d{1,4}\}\{[1-9]\d{0,3}\}|\d{1,4}/[1-9]\d{0,3}|\d{1,9}(?:,\d{3})*(?:\.\d{1,6})?)(?![\d/^])"
_SIGN_OF = r"[<>]|\\[lg]eq?(?![a-z])|\\[lg]t(?![a-z])"
_POWER = re.compile(r"\^\s*(?:\{[^{}]*\}|\w)")
_SPAN = re.compile(rf"\b(?:between|from)\s+\$?(?P<low>{_N})\$?\s+(?:and|to|through)\s+\$?(?P<high>{_N})", re.IGNORECASE)
_DIGITS = re.compile(r"\b(two|three|four|five|six|[2-6])\$?-digit\b", re.IGNORECASE)
_MORE = re.compile(
    rf"\b(?P<than>(?:more|greater|larger|bigger|higher) than|at least)\s+\$?(?P<size>{_N})(?!\$? times)", re.IGNORECASE
)
_LESS = re.compile(
    rf"\b(?P<than>(?:less|fewer|smaller|lower) than|at most)\s+\$?(?P<size>{_N})(?!\$? times)", re.IGNORECASE
)
_HOW_MANY = re.compile(r"\b[Hh]ow many (?:more )?(?P<noun>[a-z]{3,20}s)\b")
_BOUND = re.compile(
    rf"(?:(?P<left>{_N})\s*(?P<first>{_SIGN_OF})\s*)?(?<![A-Za-z\\])(?P<name>\\?[A-Za-z]+)"
    rf"\s*(?:(?P<second>{_SIGN_OF})\s*(?P<right>{_N}))?"
)
_ASKED = r"(?:[Ff]ind|[Cc]ompute|[Ww]hat is|[Dd]etermine|[Ss]olve for|[Vv]alues? of|[Ee]valuate)[^.?]{0,40}\$NAME[.,$?]"
_SIGN = re.compile(r"(?<!-)\b(?:positive|negative)\b(?! (?:if|when|or|and|square|real number))", re.IGNORECASE)
_INTEGER = re.compile(
    r"\b(?:what|which|find the|smallest|largest|least|greatest|positive|\w+-digit) (?:integer|whole)", re.I
)
_REPEATED_BOX = re.compile(r"(?<![\w}{])(\\?[\w{}.\\]{1,40}?)\s*=\s*&?\s*\\(?:boxed|fbox)\{\s*\1\s*\}(?=[\s.$\\,;]|$)")


def without_formulas(text: str) -> str:
    """The words of a text, with a blank in the place of each formula."""
    for start, end in reversed(formula_spans(text)):
        text = text[:start] + " " + text[end:]
    return text


def names_operation(steps: Sequence[str], step: int) -> bool:
    """Whether the words of a step, or of the one before if its sentence goes on, say how a term changes sides, as in
    `Adding 10 to both sides`: nobody says so and does the opposite.
    """
    words = without_formulas(steps[step])
    if step and not steps[step - 1].rstrip(" $\n").endswith((".", "!", "?", "\\]")):
        words = f"{without_formulas(steps[step - 1])} {words}"
    return _OPERATION.search(words) is not None


def holds_number(text: str) -> bool:
    """Whether a text says a number outside of drawings and exponents."""
    return _SAYS_NUMBER.search(DRAWING.sub(" ", text)) is not None


def refuse_remarks(reference: Sequence[str], steps: Sequence[str], step: int, start: int) -> None:
    """Raises Refusal if words behind a change, which stands at `start` of a step, test or compare a value, or if a
    remark with numbers behind the answer is still that of the reference.
    """
    for number in range(step, len(steps)):
        text = steps[number][start:] if number == step else steps[number]
        if (judged := _TESTS.search(without_formulas(DRAWING.sub(" ", text)))) is not None:
            raise Refusal("words_may_be_false", judged.group())
    last = max((number for number, text in enumerate(steps) if box_spans(text)), default=len(steps) - 1)
    for number in range(last, len(steps)):
        tail, old = (
            texts[number][box_spans(texts[number])[-1][1] if box_spans(texts[number]) else 0 :]
            for texts in (steps, reference)
        )
        said = COUNTED.sub("", DRAWING.sub(" ", tail), count=1) if COUNTED.match(tail) else DRAWING.sub(" ", tail)
        if tail == old and (holds_number(tail) or JUDGES.search(said)):
            raise Refusal("remark_behind_answer", tail.strip()[:80])


def refuse_against_question(question: str, right: str | Value, wrong: str | Value) -> None:
    """Raises Refusal if a wrong answer breaks a condition of the question that the right one keeps: `k > 1`,
    `between 1 and 9`, `more than 200`, `a positive integer`, `two-digit`.
    """
    old, new = (exact_value(one) if isinstance(one, str) else one for one in (right, wrong))
    if old is None or new is None:
        return
    for said, low, high in _conditions(_POWER.sub(" ", question.replace(r"\$", ""))):
        if low <= old <= high and not low <= new <= high:
            raise Refusal("against_condition", f"{new}, although the question says {said}")
    if _INTEGER.search(question) and old.denominator == 1 != new.denominator:
        raise Refusal("against_condition", f"{new} is no whole number")


def refuse_beyond_bound(question: str, right: Value | None, wrong: Value | None) -> None:
    """Raises Refusal if a wrong value on the way is beyond a bound that the question states and the right one keeps:
    `the probability is greater than $1/6$`.
    """
    for said, low, high in _bounds(question) if right is not None and wrong is not None else ():
        if low <= right <= high and not low <= wrong <= high:  # type: ignore[operator]
            raise Refusal("against_condition", f"{wrong}, although the question says {said}")


def _conditions(question: str) -> Iterator[tuple[str, Fraction, Fraction]]:
    """The conditions that a question sets, each as a range. Ends that it leaves out stand just outside of the range."""
    for match in _SPAN.finditer(question):
        yield match.group(), _number(match["low"]), _number(match["high"])
    for match in _DIGITS.finditer(question):
        size = _COUNTS.get(match[1].lower()) or int(match[1])
        yield match.group(), Fraction(10 ** (size - 1)), Fraction(10**size - 1)
    yield from _bounds(question)
    for match in _HOW_MANY.finditer(question):
        sizes = re.findall(rf"(?<![\d.,])(\d{{1,6}})\$? (?:[a-z-]+ )?{match['noun']}\b", question)
        if sizes:  # "He answered 80 questions. How many questions did he answer right?"
            yield f"{max(map(int, sizes))} {match['noun']}", -_FAR, Fraction(max(map(int, sizes)))
    for match in _BOUND.finditer(question):
        is_bound = match["first"] is not None or match["second"] is not None
        if not is_bound or re.search(_ASKED.replace("NAME", re.escape(match["name"])), question) is None:
            continue
        bounds = [-_FAR, _FAR]
        for side, relation in (("left", match["first"]), ("right", match["second"])):
            if match[side] is not None and relation is not None:
                is_low = (">" in relation or "g" in relation) == (side == "right")
                off = _CLOSE if relation in "<>" or relation in (r"\lt", r"\gt") else Fraction(0)
                bounds[not is_low] = _number(match[side]) + (off if is_low else -off)
        yield match.group(), bounds[0], bounds[1]
    if (sign := _SIGN.search(question)) is not None:
        yield sign.group(), *((_CLOSE, _FAR) if sign.group().lower() == "positive" else (-_FAR, -_CLOSE))


def _bounds(question: str) -> Iterator[tuple[str, Fraction, Fraction]]:
    for match in _MORE.finditer(question):
        yield match.group(), _number(match["size"]) + _strict(match["than"]), _FAR
    for match in _LESS.finditer(question):
        yield match.group(), -_FAR, _number(match["size"]) - _strict(match["than"])


def _number(text: str) -> Fraction:
    above, *below = re.findall(r"\d+(?:\.\d+)?", text.replace(",", ""))
    size = Fraction(above) / Fraction(below[0] if below else 1)
    return -size if text.startswith("-") else size


def _strict(than: str) -> Fraction:
    return Fraction(0) if than.lower().startswith("at ") else _CLOSE


def refuse_repeated_box(steps: Sequence[str], reference: Sequence[str]) -> None:
    r"""Raises Refusal if a wrong solution says `\frac{1}{3} = \boxed{\frac{1}{3}}`, which the right one does not."""
    for text in steps:
        found = _REPEATED_BOX.search(text)
        if found is not None and not any(map(_REPEATED_BOX.search, reference)):
            raise Refusal("side_repeated", found.group())
