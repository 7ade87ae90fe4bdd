r"""What the last box holds in place of the answer, beyond a lost sign.

Ends of intervals, a fraction upside down, digits in another order, another root, a neighboring angle.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lemma.arithmetic.chain_solution import ChainSolution, named
from lemma.arithmetic.surds import Surd
from lemma.grading.verdict import exact_value
from lemma.injectors.conditions import ASKS_COUNT, without_formulas

_END = r"(?:-?(?:\d+(?:\.\d+)?|\\[dt]?frac\s?\{-?\d+\}\{\d+\}|\\[dt]?frac\s?\d\s?\d|\d*\\sqrt\{\d+\}|\\infty|\d+/\d+))"
_INTERVAL = re.compile(
    rf"(?P<open>(?:\\left\s*)?[(\[])\s*(?P<low>{_END})\s*,\s*(?:\\[,;:!]\s*)?(?P<high>{_END})\s*(?P<close>(?:\\right\s*)?[)\]])"
)
# Relations to an upper bound or a lower one that belongs to the set or does not.
_RELATIONS = {
    (True, False): r"(?:<|\\lt(?![a-z]))",
    (True, True): r"(?:\u2264|\\leq?(?![a-z]))",
    (False, False): r"(?:>|\\gt(?![a-z]))",
    (False, True): r"(?:\u2265|\\geq?(?![a-z]))",
}
_SUPPOSED = re.compile(r"(?<!only )\b(?:if|when|case|for|assum\w+|suppos\w+)(?: that)?\s*$", re.IGNORECASE)
_LONGEST = 60
# A formula that is undefined somewhere: its ends may be left out for that.
_UNDEFINED = re.compile(r"frac|/|log|\\ln|tan|sqrt")
_ALTERNATIVES = re.compile(r"\\text\s?\{[^{}]*\}|,|\\q?quad")
_SIGN = re.compile(r"<|>|\u2264|\u2265|\\(?:[lg]eq?|[lg]t)(?![a-z])")
# Digits that are found one after the other from the last one on.
_FROM_THE_RIGHT = re.compile(r"\bremainders?\b|\bright\b|\blast\b|\bunits?\b|\bupwards?\b", re.IGNORECASE)
_ASKS_INTERVAL = re.compile(
    r"\binterval\b|\brange\b|\bdomain\b|\ball (?:real )?(?:values|numbers)\b|\b(?:set|values) of\b|inequalit"
    r"|\bsatisf\w+",
    re.IGNORECASE,
)
_FRACTION = re.compile(
    r"\s{0,3}(?P<command>\\[dt]?frac)\s{0,3}\{?(?P<above>\d{1,9})\}?\s{0,3}\{?(?P<below>\d{1,9})\}?\s{0,3}"
)
_OF_QUOTIENT = re.compile(r"\b(?:ratio|divid\w+|quotient|coefficient|slope|over|rate|solv\w+)\b", re.IGNORECASE)
_BASE = re.compile(r"\s*(?P<digits>\d{3,8})_(?P<base>\{?\d{1,2}\}?)\s*")
_ANGLE = re.compile(r"\s{0,3}(?P<angle>30|60)\s{0,3}\^\s{0,3}\{?\\circ\}?\s{0,3}")
_FUNCTION = re.compile(
    r"\\(?P<name>sin|cos|tan)\b[^=$]{1,40}(?:=|\\[lg]eq?)\s*(?P<value>[^$,.=]{1,40}?)\s*(?:[$,.]|\\\])"
)
_RULED_OUT = re.compile(
    r"\b(?:extraneous|reject\w*|discard\w*|not|cannot|can't|impossible|contradict\w*|invalid|only|must|since|because|fails?)\b",
    re.IGNORECASE,
)
_NAMES = {"sin": "sine", "cos": "cosine", "tan": "tangent"}
ENDS, FRACTIONS, CONCEPTS, CASES, CALCULATION = (
    "endpoint_error", "fraction_error", "confusing_concept_error", "wrong_case_error", "calculation_error",
)  # fmt: skip


def other_end(solution: ChainSolution, content: str) -> Iterator[tuple[str, str]]:
    """An end of an interval that belongs to it and is left out, or the other way around; or a gap that is closed."""
    found = list(_INTERVAL.finditer(content))
    rest = re.sub(r"\\cup|\\in|[\s{}]|\\[,;:!]|^\$?[a-z]", "", _INTERVAL.sub("", content))
    meets = len(found) == 2 and found[0]["high"] == found[1]["low"]
    if not found or rest or (len(found) == 1 and _ASKS_INTERVAL.search(solution.question) is None):
        return
    if "ordered pair" in solution.question:
        return
    shown = " ".join(content.split())
    step = solution.answer.step
    said = " ".join((*solution.steps[:step], solution.steps[step][: solution.answer.start]))
    for match in found:
        for name, other, end in (("open", "([", match["low"]), ("close", ")]", match["high"])):
            if "infty" in end or (meets and (match is found[0]) == (name == "close")):
                continue  # both ends of a gap are treated alike
            sign = match[name][-1]
            at = match.end(name) - 1
            written = content[:at] + other[1 - other.index(sign)] + content[at + 1 :]
            does = "belongs" if sign in "[]" else "does not belong"
            told = f"the endpoint ${end}$ {does} to the answer: it should be ${shown}$."
            if reason := _bound_of(said, end, name == "close", sign in "[]"):
                yield written, f"Since ${reason}$, {told}"
            elif reason := _asked(solution.question, sign in "[]"):
                yield written, f"{reason}, so {told}"
    if meets:
        first, second = found
        written = content[: first.start("high")] + content[second.start("high") :]
        gap = re.findall(rf"\$([^$]{{1,40}}\\neq?\s*{re.escape(first['high'])})\s*[.,]?\$", said)
        if gap:
            told = f"${first['high']}$ does not belong to the answer: it should be ${shown}$."
            yield written, f"Since ${gap[-1].strip()}$, {told}"


def _bound_of(text: str, end: str, is_high: bool, belongs: bool) -> str:
    """The last inequality of a text that has an end of an interval as its bound, strict if the end does not belong to
    it; empty if there is none.
    """
    first, last = _RELATIONS[is_high, belongs], _RELATIONS[not is_high, belongs]
    bound = rf"(?:{first}\s*{re.escape(end)}(?!\d|[./]\d)|(?<![\d.-]){re.escape(end)}\s*{last})"
    pieces = re.sub(r"\$\$|\\[\[\]]", "$", text.replace("\\$", "")).split("$")
    found = [
        formula
        for words, formula in zip(pieces[::2], pieces[1::2], strict=False)
        if len(formula) <= _LONGEST and re.search(bound, formula) and not _SUPPOSED.search(words)
    ]
    if not found:
        return ""
    formula = found[-1].strip(" .,\n")
    formula = next((piece for piece in _ALTERNATIVES.split(formula) if re.search(bound, piece)), formula)
    signs = list(_SIGN.finditer(formula))
    if len(signs) == 2:  # the other bound is that of the other end
        formula = (
            formula[signs[0].end() :] if re.search(bound, formula[signs[0].end() :]) else formula[: signs[1].start()]
        )
    return formula.strip()


def _asked(question: str, belongs: bool) -> str:
    """That the only inequality of a question is strict, or that it is not; empty if that does not say why an end does
    not belong to the answer, or does.
    """
    if _UNDEFINED.search(question):
        return ""  # 5 is no solution of 1/(x - 5) > 0, nor would it be one of 1/(x - 5) >= 0
    relations = re.findall(r"[<>\u2264\u2265]|\\(?:[lg]eq?|[lg]t|neq?)(?![a-z])", question)
    if (
        len(relations) != 1
        or (relations[0] in ("<", ">", "\\lt", "\\gt")) == belongs
        or relations[0].startswith("\\ne")
    ):
        return ""
    return f"The inequality is {'not ' if belongs else ''}strict"


def upside_down(solution: ChainSolution, content: str) -> Iterator[tuple[str, str]]:
    """A fraction that is turned over."""
    match = _FRACTION.fullmatch(content)
    chain = solution.chains[solution.answer.chain]
    said = without_formulas(solution.steps[solution.answer.step])
    if match is None or (len(chain.sides) > 1 and chain.sides[-2].value is not None):
        return
    above, below = int(match["above"]), int(match["below"])
    if re.search(r"\b(?:reciprocal|inverse|invert\w*)\b", said + solution.question) is not None:
        return  # what is upside down there is meant to be
    if min(above, below) < 2 or not (_OF_QUOTIENT.search(said + " " + solution.question)):
        return
    written = f"{match['command']}{{{below}}}{{{above}}}"
    yield written, f"The quotient is upside down: it should be ${content.strip()}$."


def other_digits(solution: ChainSolution, content: str) -> Iterator[tuple[str, str]]:
    """The digits of a number in another base, from the wrong end."""
    match, step = _BASE.fullmatch(content), solution.answer.step
    words = without_formulas(" ".join(solution.steps[: step + 1]))
    if match is None or "\\begin{array}" in solution.steps[step] or not _FROM_THE_RIGHT.search(words):
        return
    digits = match["digits"]
    backwards = digits[::-1]
    if digits[-1] != "0" and backwards != digits:
        written = f"{backwards}_{match['base']}"
        yield written, f"The digits are written from the wrong end: it should be ${content.strip()}$."


def other_angle(solution: ChainSolution, content: str) -> Iterator[tuple[str, str]]:
    """`\\sin x = \\frac{1}{2}` holds for 30 degrees, and not for 60."""
    match = _ANGLE.fullmatch(content)
    if match is None:
        return
    step = solution.answer.step
    text = " ".join(solution.steps[max(0, step - 1) : step]) + " " + solution.steps[step][: solution.answer.start]
    found = list(_FUNCTION.finditer(text))
    if not found:
        return
    name, value = found[-1]["name"], found[-1]["value"]
    if _angle_of(name, value) != match["angle"]:
        return
    other = "60" if match["angle"] == "30" else "30"
    written = content.replace(match["angle"], other, 1)
    yield (
        written,
        f"${value}$ is the {_NAMES[name]} of ${content.strip()}$, not of ${written.strip()}$.",
    )


def _angle_of(name: str, value: str) -> str:
    """30 or 60 if the function has this value there."""
    shown = re.sub(r"[\s{}]|\\[dt]?frac", "", value)
    half, root, third = (
        shown in ("12", "1/2"),
        shown in (r"\sqrt32", r"\sqrt3/2"),
        shown in (r"1\sqrt3", r"\sqrt33", r"1/\sqrt3"),
    )
    if name == "tan":
        return "30" if third else "60" if shown == r"\sqrt3" else ""
    small, large = ("30", "60") if name == "sin" else ("60", "30")
    return small if half else large if root else ""


def other_root(solution: ChainSolution, content: str) -> Iterator[tuple[str, str]]:
    """Another of the values that a letter was found to have."""
    value = exact_value(content)
    step = solution.answer.step
    chain = solution.chains[solution.answer.chain]
    first = chain.sides[0].formula
    if len(chain.sides) > 1 and (len(chain.sides) > 2 or first is None or first.tree.op != "letter"):
        return  # the answer is worked out, and not one of the values
    words = " ".join(without_formulas(text) for text in solution.steps[max(0, step - 1) : step + 1])
    if value is None or _RULED_OUT.search(without_formulas(solution.steps[step])) or _RULED_OUT.search(words):
        return
    found: dict[str, list[Surd]] = {}
    for chain in solution.chains[: solution.answer.chain]:
        name, said = named(chain)
        if name is not None and said is not None and said not in found.setdefault(name, []):
            found[name].append(said)
    own = [(name, values) for name, values in found.items() if len(values) > 1 and Surd(value) in values]
    if len(own) != 1:
        return
    name, values = own[0]
    for other in values:
        rational = other.rational
        if isinstance(rational, int) and rational < 0 and ASKS_COUNT.search(solution.question):
            continue  # of nothing there are -1
        if other != Surd(value) and isinstance(rational, int):
            told = f"the step keeps ${rational}$, but the one that is asked for is ${content.strip()}$"
            yield str(rational), f"Of the values of ${name}$, {told}."


FINDERS = {
    ENDS: (other_end,),
    FRACTIONS: (upside_down,),
    CALCULATION: (other_digits,),
    CONCEPTS: (other_angle,),
    CASES: (other_root,),
}
