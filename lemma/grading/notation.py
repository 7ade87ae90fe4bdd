r"""One notation for the many ways in which people and models write the same mathematics.

Unicode becomes LaTeX (`10²` is `10^{2}`, never 102), LaTeX that only changes the looks goes, and words for numbers
become digits. Nothing here computes anything.
"""

from __future__ import annotations

import re
import unicodedata

# An override shows digits in another order than they are stored in: what was meant cannot be told.
_OVERRIDES = frozenset("\u202d\u202e")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱ", "0123456789+-()ni")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₙ", "0123456789+-()n")
_SUPERSCRIPT_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱ]+")
_SUBSCRIPT_RUN = re.compile("[₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₙ]+")
_VULGAR_FRACTION = re.compile("(\\d?)\\s*([¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])")
_OVERLINED = re.compile("((?:\\d\u0305)+)")
_DOTTED = re.compile("(\\d)\u0307")
_SYMBOLS = {
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "×": r"\times ", "·": r"\cdot ", "⋅": r"\cdot ", "∙": r"\cdot ",
    "∗": "*", "÷": "/", "⁄": "/", "∕": "/", "≤": r"\le ", "≦": r"\le ", "⩽": r"\le ", "≥": r"\ge ", "≧": r"\ge ",
    "⩾": r"\ge ", "≠": r"\ne ", "≈": r"\approx ", "≡": r"\equiv ", "∞": r"\infty ", "∪": r"\cup ", "∩": r"\cap ",
    "∖": r"\setminus ", "∈": r"\in ", "∅": r"\emptyset ", "ℝ": r"\mathbb{R}", "ℤ": r"\mathbb{Z}", "ℂ": r"\mathbb{C}",
    "ℕ": r"\mathbb{N}", "ℚ": r"\mathbb{Q}", "√": r"\sqrt ", "∛": r"\sqrt[3]", "∜": r"\sqrt[4]", "°": r"^\circ ",
    "º": r"^\circ ", "˚": r"^\circ ", "±": r"\pm ", "∓": r"\mp ", "′": "'", "″": '"', "’": "'", "‘": "'", "“": '"',
    "”": '"', "⟨": r"\langle ", "⟩": r"\rangle ", "…": "...", "⋯": "...", "℃": r"^\circ C", "℉": r"^\circ F",
    "∣": "|", "∶": ":", "∧": r"\land ", "∨": r"\lor ", "→": r"\to ", "％": "%", "﹪": "%", "٪": "%", "٫": ".", "٬": ",",
    "⌊": r"\lfloor ", "⌋": r"\rfloor ", "⌈": r"\lceil ", "⌉": r"\rceil ", "∠": r"\angle ", "△": r"\triangle ",
    "∴": r"\therefore ", "\u00b5": r"\mu ",
}  # fmt: skip
_GREEK_LETTERS = "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩϕϵ"
_GREEK_NAMES = """
    alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega
    Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega phi epsilon
"""
_GREEK = {letter: rf"\{name} " for letter, name in zip(_GREEK_LETTERS, _GREEK_NAMES.split(), strict=True)}
_TRANSLATION = str.maketrans({**_SYMBOLS, **_GREEK})

# What has to be in an answer for the expression to find something in it; the expression; its replacement.
_NOISE = (
    # A comma between thousands, which LaTeX sets without a space after it.
    (",", re.compile(r"(?<=\d)(?:,\s*\\!|\{,\}|\\,)\s*(?=\d{3}(?!\d))"), ""),
    ("\\", re.compile(r"\\(?:left|right|displaystyle|textstyle|limits|middle|[bB]igg?[lr]?)(?![a-zA-Z])\.?"), ""),
    ("\\", re.compile(r"m?\\(?:angle|triangle|measuredangle)(?![a-zA-Z])"), " "),
    ("", re.compile(r"\\!|\\\\\s*$|^\s*&|\\(?:text)?color\s*\{[a-zA-Z]*\}"), ""),
    ("\\", re.compile(r"\\(?:bf|it|rm|tiny|small|normalsize|large|Large|LARGE|huge|Huge|boldmath)(?![a-zA-Z{])"), ""),
    ("\\", re.compile(r"(?<!\\)((?:\\\\)*)\\[,;:> ]"), r"\1 "),
    ("", re.compile(r"~|\\q?quad(?![a-z])|\\(?:hspace|vspace|phantom)\{[^{}]*\}"), " "),
    ("frac", re.compile(r"\\(?:[dtc]|nice|s)frac(?![a-zA-Z])"), r"\\frac"),
    ("clock", re.compile(r"(?<![\d:.])(\d{1,2}) ?o'clock(?![a-z])"), r"\1:00"),
    ("h", re.compile(r"(?<![\w.^{])(\d{1,2}) ?h ?(\d{2})(?: ?min)?(?!\w|\.\d)"), r"\1:\2"),
    ('"', re.compile(r"^([^'\"]{0,40}\d)\s?\"$"), r"\1 inches"),
    ("'", re.compile(r"^([^'\"]{0,40}\d)\s?'$"), r"\1 feet"),
    ("binom", re.compile(r"\\[dt]binom(?![a-zA-Z])"), r"\\binom"),
    ("\\", re.compile(r"(?:\{\})?\^\s*\{?\s*\\circ\s*\}?|\\degree(?![a-z])|\\textdegree(?![a-z])"), r"\\degree "),
    ("\\l", re.compile(r"\\(?:leq|leqslant|leqq)(?![a-zA-Z])"), r"\\le"),
    ("\\g", re.compile(r"\\(?:geq|geqslant|geqq)(?![a-zA-Z])"), r"\\ge"),
    ("{:}", re.compile(r"\{:\}"), ":"),
    ("\\neq", re.compile(r"\\neq(?![a-zA-Z])"), r"\\ne"),
    ("\\lbrace", re.compile(r"\\(?:lbrace)(?![a-zA-Z])"), r"\\{"),
    ("\\rbrace", re.compile(r"\\(?:rbrace)(?![a-zA-Z])"), r"\\}"),
    ("\\", re.compile(r"\\(?:mathbf|mathit|boldsymbol|bm|vec|hat|overrightarrow|ensuremath|underline)\s*(?=\{)"), ""),
    ("\\lbrack", re.compile(r"\\(?:lbrack)(?![a-zA-Z])"), "["),
    ("\\rbrack", re.compile(r"\\(?:rbrack)(?![a-zA-Z])"), "]"),
    ("", re.compile(r"\*\*(?=[^*]*\*\*)|(?<=[^*\s])\*\*$|`"), ""),
    ("\\", re.compile(r"\\(?:varnothing|O)(?![a-zA-Z])"), r"\\emptyset"),
    ("dots", re.compile(r"\\(?:ldots|dots|cdots)(?![a-zA-Z])"), "..."),
    ("%", re.compile(r"\\%"), "%"),
    ("U", re.compile(r"(?<=[)\]])\s*U\s*(?=[(\[])"), r" \\cup "),
    ("", re.compile(r"(?<=\d)\s*[xX]\s*(?=\d)"), r" \\times "),
    ("+", re.compile(r"\+/-|(?<![^\s(,=])\+-(?=[\s\d\\])"), r"\\pm "),
    ("_", re.compile(r"\\(?:text|mathrm)\s*\{\s*([0-9A-Fa-f]+)\s*\}(?=_)"), r"\1"),
    ("^", re.compile(r"(?<=\d)\^\s*\{?\s*\\(?:text|mathrm|textrm)\s*\{\s*(?:st|nd|rd|th)\s*\}\s*\}?"), ""),
    ("binom", re.compile(r"\\binom\s*(\d)\s*(\d)"), r"\\binom{\1}{\2}"),
    # `\frac12` and `\frac9{19}`: LaTeX takes one digit where there are no braces.
    ("\\frac", re.compile(r"\\frac\s*(\d)(?=\s*[\d{\\])"), r"\\frac{\1}"),
    ("\\frac", re.compile(r"(\\frac\s*\{[^{}]*\})\s*(\d)"), r"\1{\2}"),
)  # fmt: skip
_MATH_DOLLARS = re.compile(r"(?<!\\)\$")
_PRICE = re.compile(r"(?<!\\)\$\s*-?[\d.]")


def normalize_notation(answer: str) -> str | None:
    r"""The answer in plain ASCII and bare LaTeX; None where control characters hide what it says.

    >>> normalize_notation("10² − ½")
    '10^{2} - 1/2'
    """
    if not answer.isascii():
        if not _OVERRIDES.isdisjoint(answer):
            return None
        answer = _to_ascii(answer)
    answer = "".join(char if char >= " " else " " for char in answer)
    for hint, pattern, replacement in _NOISE:
        if hint in answer:
            answer = pattern.sub(replacement, answer)
    # Dollar signs that fence formulas go; those that are prices stay, as `$`.
    fences, prices = _MATH_DOLLARS.findall(answer), _PRICE.findall(answer)
    if len(fences) % 2 == 0 and len(prices) != len(fences):
        answer = _MATH_DOLLARS.sub("", answer)
    answer = answer.replace(r"\$", "$")
    return answer.replace(r"\(", "").replace(r"\)", "").replace(r"\[", "").replace(r"\]", "").strip()


def _to_ascii(answer: str) -> str:
    answer = _SUPERSCRIPT_RUN.sub(lambda run: "^{" + run.group().translate(_SUPERSCRIPTS) + "}", answer)
    answer = _SUBSCRIPT_RUN.sub(lambda run: "_{" + run.group().translate(_SUBSCRIPTS) + "}", answer)
    answer = _VULGAR_FRACTION.sub(lambda match: " ".join(filter(None, match.groups())), answer)  # `3½` is not 31/2
    answer = _OVERLINED.sub(lambda run: r"\overline{" + run.group().replace("\u0305", "") + "}", answer)
    answer = _DOTTED.sub(r"\\dot{\1}", answer)
    answer = unicodedata.normalize("NFKC", answer.translate(_TRANSLATION)).translate(_TRANSLATION)
    # Digits of other scripts become ASCII; invisible format characters go.
    digits = {char: unicodedata.decimal(char, -1) for char in set(answer) if not char.isascii()}
    return "".join(
        str(digits[char]) if digits.get(char, -1) >= 0 else char
        for char in answer
        if unicodedata.category(char) != "Cf"
    )
