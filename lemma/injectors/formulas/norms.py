r"""The length of a vector in the last box without its square root: `\left\| \begin{pmatrix} -6 \\ -2 \\ 3 \end{pmatrix}
\right\| = 49`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import isqrt

from lemma.arithmetic.chain_solution import ChainSolution

_NORM = re.compile(
    r"\\(?:left)?\s?(?:\\\||\|)\s?\\begin\{pmatrix\}(?P<body>[-\d\s\\]{1,60})\\end\{pmatrix\}\s?\\(?:right)?\s?(?:\\\||\|)"
    r"[\s&]{0,4}=[\s&]{0,4}$"
)
_ROOT = re.compile(r"(?P<factor>\d{0,4})\\sqrt\s?\{(?P<radicand>\d{1,6})\}")
_ENTRY = re.compile(r"-?\s?\d{1,4}")


def propose(solution: ChainSolution, content: str) -> Iterator[tuple[str, str]]:
    """The sum of the squares of the entries in place of its root."""
    text, answer = solution.steps[solution.answer.step], solution.answer
    found = _NORM.search(text[max(0, answer.start - 200) : answer.start])
    entries = [entry.strip() for entry in re.split(r"\\\\", found["body"])] if found is not None else []
    if len(entries) < 2 or not all(map(_ENTRY.fullmatch, entries)):
        return
    squares = sum(int(entry.replace(" ", "")) ** 2 for entry in entries)
    root = _ROOT.fullmatch(content.strip())
    is_whole = content.strip() == str(isqrt(squares)) and isqrt(squares) ** 2 == squares
    is_root = root is not None and int(root["factor"] or 1) ** 2 * int(root["radicand"]) == squares
    if squares > 1 and (is_whole or is_root):
        shown = " + ".join(f"({entry})^2" if entry.startswith("-") else f"{entry}^2" for entry in entries)
        told = f"The step leaves out the square root: the length is $\\sqrt{{{shown}}} = {content.strip()}$"
        yield str(squares), f"{told}, not ${squares}$."
