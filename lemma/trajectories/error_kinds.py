"""Which kind of its type an injected error is, so that a phrase fits that kind: a misread question may be a comparison
taken the wrong way around or an answer given too early, a missing step a whole one or a part of one, a sign that of a
term which can be seen in the step, a wrong power that of a root, a slip in a calculation that of a carry or of a zero,
a wrong operation a sum in place of a product.
"""

from __future__ import annotations

import re

from lemma.records import ErroneousSolution

EARLY_STOP, ASKED, COMPARISON, PART, TERMS, VALUE = "early_stop", "asked", "comparison", "part", "terms", "value"
# "The problem asks for the minimum value, which is $2$, and the step gives $1$, the value of $x$ ..."
_ASKED = re.compile(r"The problem asks for ")
# "x + 7" and "30 - 4", but not "x = -4" and "a 14-day trip".
_TERMS = re.compile(r"[\w)}\]]\s*(?:[+−]|-(?=\s*(?:[\d(\\$]|[A-Za-z](?![A-Za-z]))))")
# "$-8 \cdot 32$ is $-256$, not $256$"
_RESULT = re.compile(r"\$(?P<source>[^$]+)\$ is \$(?P<right>[^$]+)\$, not \$(?P<wrong>[^$]+)\$")
_BRACKETS = re.compile(r"\([^()]*\)|\{[^{}]*\}|\[[^\[\]]*\]")
_MOST_BRACKETS = 8
_NUMBER = r"\$?\d[\d,.]{0,20}"
_COLUMN = r"\d [+-] (?:\d{1,2}|the \d carried) is \d{1,3}, but"
_BEHIND = rf": [^\n]{{0,200}}{_COLUMN}"
# Kinds of errors, by what their explanations say.
_BY_EXPLANATION = {
    # In this order: "without the zero, 13 times 6 is 78; the 1 that is carried to the tens is dropped".
    "calculation_error": {
        "order": re.compile(r"from left to right"),
        "digits": re.compile(r"changed places|from the wrong end"),
        "rounding": re.compile(r"has to be rounded"),
        # "4.99 * 3 is $14.97, not $15: 15 is 5 times 3" rounds, and so does "50 times 6" for 49 * 6.
        "near": re.compile(
            r"in place of \d|\d is \d{1,6}0 times \d|^\$?[\d,]{0,9}\.\d.* is \$?[\d,]{0,9}\.\d{1,4}, "
            r"not \$?[\d,.]{1,12}: [\d.]{1,9} is [\d.]{1,9} times"
        ),
        "carry": re.compile(r"carried to the|a 1 is carried|carried is added"),
        "borrow": re.compile(r"borrowed|is taken from"),
        "extra_zero": re.compile(r"one zero too many"),
        "missing_zero": re.compile(r"one zero too few|a zero of the quotient"),
        "point": re.compile(r"decimal point is one place"),
        "behind_point": re.compile(r"behind the decimal point|is added to the"),
        "rest": re.compile(r"not [^\n:]{1,20}: the remainder \d+ is dropped|left over in the [a-z ]{1,30} is dropped"),
        "decimals": re.compile(r"\.\d+ is (?:dropped|ignored)"),
        "factor": re.compile(r"one factor was forgotten|one factor too many"),
        "shift": re.compile(r"is not shifted"),
        "term": re.compile(r"\d is passed over"),
        "twice": re.compile(r"\d is added twice"),
        "partial": re.compile(r"\d times \d{1,9} is left out|only \d[^:;]{1,60} are added\b"),
        "quotient": re.compile(
            r"times \d{1,9} is \d{1,9}, not \d|divided by \d{1,9} is \d{1,9}(?: with \d{1,9} left over)?, but"
        ),
        "near_miss": re.compile(r"off by one"),
        # In a written product, a sum of two digits is no sum that the reader sees.
        "sum": re.compile(rf"^{_NUMBER}(?:\s?\+\s?{_NUMBER}){{1,20}} is {_NUMBER}, not {_NUMBER}{_BEHIND}"),
        "difference": re.compile(rf"^{_NUMBER}\s?[-–]\s?{_NUMBER} is {_NUMBER}, not {_NUMBER}{_BEHIND}"),
        "column": re.compile(_COLUMN),
        "table": re.compile(r"\d is \d{1,9} times \d|times table|[1-9] times \d{1,9} is \d{1,9}, but"),
    },
    "cross_term_error": {"squares": re.compile(r"not the square of the difference")},
    "exponent_law_error": {
        "root": re.compile(r"out of the root|root was (?:not )?taken|square root"),
        "value": re.compile(
            r"multiplied by the exponent|numerator was squared|sign of the exponent|"
            r"raised to the power as well"
        ),
    },
    "formula_confusion_error": {
        "orders": re.compile(r"was not divided by \$\d+!|orders of what is chosen|the step counts arrangements\."),
        "rule": re.compile(
            r"The root of a |The squares have to be|Squaring |In a product of powers|For a power of a power|"
            r"Fractions are added|To divide by a fraction|geometric series|Vieta|-th term of|The discriminant|A slope|"
            r"The formula is \$|A prime that is written without|"
            r"The least common multiple|The greatest common divisor|For the number of divisors"
        ),
    },
    "counting_error": {"left_out": re.compile(r"The list leaves out")},
    "fraction_error": {
        "upside_down": re.compile(r"The quotient is upside down"),
        "half_done": re.compile(r"but not (?:multiplied|divided) by"),
        "one_part": re.compile(r"only the (?:numerator|denominator) was|and only the denominator"),
    },
    "confusing_concept_error": {
        "angle": re.compile(r"is the (?:co)?sine of|is the tangent of|(?:co)?sine for|angles"),
        "rest": re.compile(r"\d, which is the rest: "),
        # One of the numbers that a result was worked out from, in the place of that result.
        "worked_out": re.compile(
            r"^The step takes [^\n]{1,400} instead of [^\n]{1,400} from step \d"
            r"|^The step needs [^\n]{1,400}, but takes the |; the step confuses them\."
        ),
    },
    "sign_error": {
        "moved": re.compile(r"without changing its sign|but the step keeps its sign"),
        "factors": re.compile(r"multiplied out, that has the other sign in the middle"),
    },
    "missing_step": {
        "whole": re.compile(r"^The step [^\n]{1,300}? was skipped, so "),
        "exponent": re.compile(r"leaves out the exponent"),
        "operation": re.compile(r"leaves out the (?:division by \$[^$]*\$: \$[^$]*\$ gives|square root)"),
        "subtraction": re.compile(r"leaves out the subtraction |leaves out [^:\n]{1,80} that is taken away"),
        "division": re.compile(r"leaves out the division by "),
        "factor": re.compile(r"leaves out (?:the factor|one of the factors) "),
        "term": re.compile(r"leaves out (?:the term|one of the terms|the(?= \$?\d)|one(?= \$?\d)) "),
    },
    "operator_error": {
        "formula": re.compile(r"The step (?:adds|subtracts|multiplies) in \$[^$]+\$, where"),
        **{
            f"{did}_for_{due}": re.compile(rf"The step {does} where it should have {done}")
            for did, does, due, done in (
                ("add", "adds", "subtract", "subtracted"),
                ("add", "adds", "multiply", "multiplied"),
                ("subtract", "subtracts", "add", "added"),
                ("multiply", "multiplies", "divide", "divided"),
                ("multiply", "multiplies", "add", "added"),
                ("divide", "divides", "multiply", "multiplied"),
            )
        },
    },
    "context_value_error": {
        "copied": re.compile(r"but this step copies it as"),
        # The number is one of the question, and no earlier result.
        "elsewhere": re.compile(r"^The step takes (?:(?! from step \d| instead of )[^\n]){1,400} instead of "),
        "result": re.compile(r"^The step takes (?:(?! instead of )[^\n]){1,400} from step \d"),
    },
    "previous_step_value_error": {
        "on_the_way": re.compile(r"The answer is \$.{1,400}found on the way"),
        "copied": re.compile(r"but this step copies it as"),
        "other_result": re.compile(r"^The step takes (?:(?! instead of )[^\n]){1,400} from step \d+, instead of "),
        "given": re.compile(r"^The step takes (?:(?! from step \d| instead of )[^\n]){1,400} instead of "),
    },
}


def kind_of(erroneous: ErroneousSolution) -> str:
    """The kind, by the form of the wrong solution or by the explanation; empty if its type has no kinds, or if no
    injector made it.
    """
    if erroneous.origin != "symbolic":
        return ""
    is_shorter = len(erroneous.steps) < len(erroneous.reference_steps)
    if erroneous.error_type == "question_misinterpretation_error":
        if _ASKED.match(erroneous.explanation):
            return ASKED
        return EARLY_STOP if is_shorter else COMPARISON
    patterns = _BY_EXPLANATION.get(erroneous.error_type, {})
    if found := next((kind for kind, pattern in patterns.items() if pattern.search(erroneous.explanation)), ""):
        return found
    if erroneous.error_type == "sign_error" and erroneous.error_step is not None:
        return _kind_of_sign(erroneous.explanation, erroneous.steps[erroneous.error_step])
    return PART if erroneous.error_type == "missing_step" and not is_shorter else ""


def _kind_of_sign(explanation: str, step: str) -> str:
    """Whether it is the sign of a term of a sum or that of a value, by what the explanation quotes."""
    if "was added up as if it were" in explanation:
        return TERMS
    found = _RESULT.search(explanation)
    if found is None:
        return TERMS if "$" not in explanation and _TERMS.search(step) is not None else ""
    right, wrong = ("".join(found[name].replace("dfrac", "frac").split()) for name in ("right", "wrong"))
    if (f"-{right}" == wrong or f"-{wrong}" == right) and _TERMS.search(f"x{right.lstrip('-')}") is None:
        return VALUE  # the size of the result is right
    source = found["source"]
    for _ in range(_MOST_BRACKETS):
        source, count = _BRACKETS.subn("x", source)
        if not count:
            break
    return TERMS if _TERMS.search(f"x{source}".replace("x-", "x", 1)) is not None else ""
