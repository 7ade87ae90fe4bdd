"""A thousand strings that want to hang, crash, blow up or fool a grader: always the same ones."""

from __future__ import annotations

import random

_FRAGMENTS = [
    "\\frac{",
    "}{",
    "}",
    "{",
    "\\boxed{",
    "\\sqrt{",
    "\\left(",
    "\\right)",
    "(",
    ")",
    "[",
    "]",
    "\\{",
    "\\}",
    "^",
    "_",
    "9",
    "0",
    "1e999",
    ".",
    ",",
    "\\pi",
    "x",
    "\\infty",
    "\\cup",
    "\\pm",
    "=",
    "<",
    "\\le",
    "\\in",
    "!",
    "|",
    "%",
    "$",
    "\\$",
    "&",
    "\\\\",
    "\\begin{pmatrix}",
    "\\end{pmatrix}",
    "\\text{",
    "####",
    "answer is",
    "A:",
    "**",
    "\x00",
    "\u202e",
    "\u200b",
    "\u0661",
    "²",
    "½",
    "\U0001d7d8",
    "\ud800",
    "\n",
    "\t",
    " ",
    "\\overline{",
    "\\log_",
    "\\binom{",
    "and",
    "or",
    "__import__('os')",
    "{{7*7}}",
    "%s",
    "{0}",
    "dozen",
    "million",
    "half",
    "cm",
    "^\\circ",
    ":",
    ";",
    "~",
    "\\ ",
    "/",
    "-",
]
_CODE = [
    "__import__('os').system('touch /tmp/lemma_was_here')",
    "().__class__.__bases__[0].__subclasses__()",
    "exec('while True: pass')",
    "lambda: 0",
    "{{ ''.__class__.__mro__ }}",
    "{0.__class__}",
    "%(gold)s",
    "$(touch /tmp/lemma_was_here)",
    "`touch /tmp/lemma_was_here`",
    "<script>alert(1)</script>",
    "'; DROP TABLE answers; --",
    "open('/etc/passwd').read()",
    "9**9**9**9",
    "int('9'*10**9)",
    "[x for x in iter(int, 1)]",
]


def hostile_strings() -> list[str]:
    """Exactly a thousand: large ones, deep ones, towers, odd characters, code, and random mixtures of fragments."""
    strings = [*_large(), *_deep(), *_towers(), *_odd_characters(), *_CODE, *[f"\\boxed{{{code}}}" for code in _CODE]]
    rng = random.Random(20240229)
    while len(strings) < 1000:
        count = rng.choice([3, 10, 30, 100, 1000])
        mixture = "".join(rng.choice(_FRAGMENTS) for _ in range(count))
        strings.append(rng.choice(["", "The answer is ", "\\boxed{", "#### "]) + mixture)
    return strings


def _large() -> list[str]:
    pieces = [
        "9",
        "1,",
        "x+",
        "(",
        "{",
        "\\boxed{",
        "\\frac{1}{",
        "####",
        "**",
        "answer is ",
        " ",
        "\n",
        "$",
        "a ",
        "²",
    ]
    pieces += [
        "\\text{",
        "1 ",
        "0.",
        "1/",
        "-",
        "!",
        "\\sqrt",
        "\\pm 1",
        "|",
        "<<",
        "A: \n",
        "one ",
        "and ",
        "^",
        "\\\\",
    ]
    repeated = [piece * (length // len(piece)) for piece in pieces for length in (1_000, 100_000)]
    runs = [char * length for char in " .,?!*$-\n" for length in (3_900, 90_000)]
    return [
        *repeated,
        *[form for run in runs for form in (f"{run}x", f"7{run}7", f"\\boxed{{7{run}x}}{run}\\boxed{{8}}")],
    ]


def _deep() -> list[str]:
    nests = [("{", "}"), ("(", ")"), ("\\sqrt{", "}"), ("\\frac{1}{", "}"), ("\\boxed{", "}"), ("[", "]"), ("|", "|")]
    nests += [
        ("\\{", "\\}"),
        ("\\left(", "\\right)"),
        ("2^{", "}"),
        ("\\sin(", ")"),
        ("-", ""),
        ("\\text{", "}"),
        ("f(", ")"),
    ]
    return [opening * depth + "1" + closing * depth for opening, closing in nests for depth in (30, 300, 5_000)]


def _towers() -> list[str]:
    return [
        "9^{9^{9^9}}",
        "9^9^9^9^9",
        "10^{10^{10}}",
        "2^{2^{2^{2^{2^2}}}}",
        "99999999!",
        "(10^9)!",
        "((5!)!)!",
        "170!!!!",
        "\\binom{10^9}{5\\cdot 10^8}",
        "\\sqrt{10^{400}+1}",
        "\\sqrt{" + "9" * 300 + "}",
        "(x+y+z)^{500}",
        "(1+\\sqrt2)^{10000}",
        "\\sum_{k=1}^{10^{12}} k!",
        "\\prod_{k=1}^{10^9} k",
        "\\int_0^{\\infty} e^{e^{e^x}} dx",
        "1e999999999",
        "1e-999999999",
        "e^{e^{e^{e^{100}}}}",
        "\\sin(10^{10^{10}})",
        "\\log(\\log(\\log(0)))",
        "0^0",
        "0^{-1}",
        "\\frac{1}{0}",
        "\\frac{0}{0}",
        "x^{x^{x^{x^x}}}",
        "(a+b)^{40}(c+d)^{40}(e+f)^{40}",
        "\\frac{1}{1+\\frac{1}{1+\\frac{1}{1+\\frac{1}{0}}}}",
        "\\left(\\sqrt{2}+\\sqrt{3}+\\sqrt{5}+\\sqrt{7}+\\sqrt{11}+\\sqrt{13}\\right)^{40}",
        "2^{100000}",
        "3^{-100000}",
        "\\lim_{x \\to \\infty} x^{x^x}",
        "\\int \\int \\int x^{x} dx dx dx",
        "1_{99999999999999999999}",
        "9" * 5_000 + "_7",
        "\\begin{pmatrix}" + "1 & " * 300 + "1\\end{pmatrix}",
        ",".join(map(str, range(500))),
        "x=" * 200 + "1",
        "1<" * 200 + "1",
        "\\cup".join(f"({k},{k + 1})" for k in range(40)),
        "\\{" + ",".join("x" * k for k in range(1, 60)) + "\\}",
    ]


def _odd_characters() -> list[str]:
    odd = [
        "\x00",
        "\x07",
        "\x1b[31m",
        "\u202e",
        "\u200f",
        "\ufeff",
        "\ud800",
        "\U0010ffff",
        "\u0301",
        "﷽",
        "٣",
        "๓",
        "Ⅷ",
        "⑧",
        "🎲",
    ]
    return [
        form
        for char in odd
        for form in (char, char * 500, f"1{char}8", f"\\boxed{{{char}18{char}}}", f"answer is {char}18")
    ]
