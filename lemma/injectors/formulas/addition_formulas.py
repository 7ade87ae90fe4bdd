r"""The sign in an addition formula the wrong way around.

`\cos 54^\circ \cos 4^\circ - \sin 54^\circ \sin 4^\circ` is taken for `\cos(54^\circ - 4^\circ)`. The box holds what
comes of it: `\cos 50^\circ`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lemma.arithmetic.chain_solution import ChainSolution
from lemma.arithmetic.latex import boxed
from lemma.arithmetic.propagation import Edit
from lemma.injectors.formulas.places import Proposed
from lemma.injectors.formulas.tails import WrongTail

SIGN = "sign_error"
_CLUTTER = re.compile(r"(?<!\\)&|\\\\|\\(?:left|right)(?=\s*[()\[\]])|\\[,;:! ]|\s")
_OF = r"\\(sin|cos)(?:\{?)\(?(\d{1,3})\^\{?\\circ\}?\)?(?:\}?)"
_SUM = re.compile(rf"{_OF}(?:\\cdot)?{_OF}([-+]){_OF}(?:\\cdot)?{_OF}")
_TOGETHER = re.compile(r"\\(sin|cos)\((\d{1,3})\^\{?\\circ\}?([-+])(\d{1,3})\^\{?\\circ\}?\)")
_RESULT = re.compile(r"\\(sin|cos)\s{0,3}\{?(\d{1,3})\s?\^\s?\{?\\circ\}?\}?")


def propose(solution: ChainSolution, kind: str) -> Iterator[Proposed]:
    """The last three sides of the answer's chain: the sum, the function of both angles, and its box."""
    chain = solution.chains[solution.answer.chain]
    if kind != SIGN or len(chain.sides) < 3 or chain.relations[-2:] != ("=", "="):
        return
    text = solution.steps[chain.step]
    source, whole, last = ((side.start, side.end) for side in chain.sides[-3:])
    matched = _SUM.fullmatch(_CLUTTER.sub("", text[source[0] : source[1]]))
    together = _TOGETHER.fullmatch(_CLUTTER.sub("", text[whole[0] : whole[1]]))
    content = boxed(text[last[0] : last[1]])
    result = _RESULT.fullmatch(content[-1].strip()) if content else None
    if matched is None or together is None or result is None:
        return
    name, one, sign, other = together.groups()
    wrong = int(one) + int(other) * (1 if sign == "-" else -1)
    right = int(one) + int(other) * (-1 if sign == "-" else 1)
    if _function_of(matched) != (name, int(one), sign, int(other)) or result.groups() != (name, str(right)):
        return
    if not 0 < wrong < 180 or wrong == right or int(one) == int(other):
        return
    turned = "+" if sign == "-" else "-"
    at = text.rindex(sign, whole[0], whole[1])
    turned_over = text[whole[0] : at] + turned + text[at + 1 : whole[1]]
    shown, due, taken = map(_shown, (text[source[0] : source[1]], text[whole[0] : whole[1]], turned_over))
    box = text.rindex(content[-1], last[0], last[1])
    new = content[-1].replace(str(right), str(wrong), 1)
    edits = (
        Edit(whole[0], whole[1], turned_over),
        Edit(box, box + len(content[-1]), new),
    )
    why = "the sign of the addition formula was taken the wrong way around"
    yield Proposed(
        WrongTail(solution.answer.chain, tuple((chain.step, edit) for edit in edits)),
        f"${shown}$ is ${due}$, not ${taken}$: {why}.",
    )


def _shown(side: str) -> str:
    return " ".join(re.sub(r"(?<!\\)&|\\\\|\\(?:left|right)(?=\s*[()\[\]])", " ", side).split())


def _function_of(found: re.Match[str]) -> tuple[str, int, str, int] | None:
    """The function of both angles that a sum of two products is: name, first angle, sign, second angle."""
    names, angles = found.group(1, 3, 6, 8), [int(one) for one in found.group(2, 4, 7, 9)]
    if angles[:2] != angles[2:]:
        return None
    if names == ("cos", "cos", "sin", "sin"):
        return ("cos", angles[0], "-" if found[5] == "+" else "+", angles[1])
    if names == ("sin", "cos", "cos", "sin"):
        return ("sin", angles[0], found[5], angles[1])
    return None
