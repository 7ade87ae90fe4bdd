"""Every regular expression of the package takes linear time on hostile text, or sees only short text.

Each one is tried on pumped strings: a prefix, one piece repeated thousands of times, and a suffix that makes the match
fail. The pieces are common characters and what the expression itself is made of.
"""

from __future__ import annotations

import ast
import importlib
import itertools
import math
import pkgutil
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

import pytest

import lemma

_PACKAGE = Path(lemma.__file__).parent
_COMMON = [
    " ",
    "\n",
    "a",
    "A",
    "1",
    ".",
    ",",
    "-",
    "$",
    "{",
    "(",
    "\\",
    "*",
    "=",
    "<",
    "^",
    "\u00e9",
    "a ",
    "1 ",
    "1,",
    "a.",
    "\\a",
]
_FUNCTIONS = frozenset(["search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"])
_SUFFIXES = ["\x00", "x\nq"]
_TINY_SIZE, _SMALL_SIZE, _MIDDLE_SIZE = 22, 200, 800
_SIZE, _LARGE_SIZE = 2000, 8000
# On four times the text, a linear expression takes four times as long, and a quadratic one 16 times.
_MOST_GROWTH = 8.0
# No linear expression takes so many times as long seven times in a row, whatever else the machine does.
_CERTAIN_GROWTH = 12.0
_SUSPICIOUS_GROWTH = 4.5
# Shorter times are not measured well.
_NOTICEABLE = 0.0003
_TOO_LONG = 0.4
_TOO_LONG_FOR_SMALL, _TOO_LONG_FOR_TINY = 0.1, 0.03
_MOST_PIECES = 12

# Only text of at most so many characters reaches these modules and expressions.
_BOUNDED = {
    "lemma.grading.reading": 1000,
    "lemma.grading.notation": 1000,
    "lemma.grading.tokens": 1000,
    "lemma.grading.units": 1000,
    "lemma.grading.dates": 1000,
    "lemma.grading.verdict": 1000,
    "lemma.grading.phrases": 1000,
    "lemma.grading.languages": 300,
    "lemma.grading.extraction:_NON_ANSWER": 14,
    "lemma.grading.extraction:_BETWEEN_BOXES": 60,
    "lemma.grading.extraction:_CHANGES_INSIDE": 60,
    "lemma.grading.extraction:_CHANGES_BESIDE": 60,
    "lemma.grading.extraction:_CHANGES_AFTER_INSIDE": 60,
    "lemma.grading.extraction:_CHANGES_AFTER_BESIDE": 60,
    "lemma.grading.extraction:_OFFER": 300,
    "lemma.grading.extraction:_FORMULA": 4000,
    "lemma.grading.extraction:_ASIDE": 4000,
    "lemma.trajectories.languages:_NO_WORDS": 4000,
}
_BOUNDED_SECONDS = 0.05


class Expression(NamedTuple):
    """A compiled expression, where it is, and which methods of it the package calls."""

    where: str
    pattern: re.Pattern[str]
    methods: frozenset[str]

    @property
    def module(self) -> str:
        return self.where.split(":")[0]


def _patterns_in(value: Any, depth: int = 0) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield value
    elif depth < 4 and isinstance(value, dict):
        for item in itertools.chain(value.keys(), value.values()):
            yield from _patterns_in(item, depth + 1)
    elif depth < 4 and isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _patterns_in(item, depth + 1)


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for info in pkgutil.walk_packages([str(_PACKAGE)], "lemma."):
        path = _PACKAGE.parent / (info.name.replace(".", "/") + ("/__init__.py" if info.ispkg else ".py"))
        yield info.name, ast.parse(path.read_text(encoding="utf-8"))


def _inline_patterns(tree: ast.Module) -> Iterator[tuple[int, re.Pattern[str], str]]:
    """The expressions in `re.sub("...", ...)` and the like."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        is_re = isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
        first = node.args[0] if node.args else None
        has_text = is_re and isinstance(first, ast.Constant) and isinstance(first.value, str)
        if has_text and node.func.attr in _FUNCTIONS:
            assert isinstance(first, ast.Constant)
            yield node.lineno, re.compile(first.value), node.func.attr


def _calls(tree: ast.Module) -> dict[str, set[str]]:
    """Which attributes of each name a module uses: `search` of `_NAME` in `_NAME.search(text)`."""
    calls: dict[str, set[str]] = defaultdict(set)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            name = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            calls[name].add(node.attr)
    return calls


def _may_hold_expressions(tree: ast.Module) -> bool:
    """Whether a module compiles expressions or calls for a value: what it only imports is found where it is made."""
    values = [node.value for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign) and node.value]
    return any(
        (isinstance(node, ast.Import) and any(alias.name == "re" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module == "re")
        for node in ast.walk(tree)
    ) or any(isinstance(node, ast.Call) for value in values for node in ast.walk(value))


@pytest.fixture(scope="module")
def expressions() -> tuple[Expression, ...]:
    found: dict[tuple[str, int], Expression] = {}
    trees = dict(_modules())
    inside_each = {name: _calls(tree) for name, tree in trees.items()}
    everywhere: dict[str, set[str]] = defaultdict(set)
    for calls_of_names in inside_each.values():
        for attribute, methods_called in calls_of_names.items():
            everywhere[attribute] |= methods_called
    for name, tree in trees.items():
        inside = inside_each[name]
        try:
            module = importlib.import_module(name) if _may_hold_expressions(tree) else None
        except ImportError:  # an extra that is not installed
            module = None
        for attribute, value in vars(module).items() if module else ():
            calls = inside if attribute.startswith("_") else everywhere
            for pattern in _patterns_in(value):
                methods = frozenset(calls[attribute] if isinstance(value, re.Pattern) else ())
                known = found.get((pattern.pattern, pattern.flags))
                if known is None or known.methods:
                    found[pattern.pattern, pattern.flags] = Expression(
                        known.where if known else f"{name}:{attribute}", pattern, methods
                    )
        for line, pattern, method in _inline_patterns(tree):
            found.setdefault(
                (pattern.pattern, pattern.flags), Expression(f"{name}:{line}", pattern, frozenset([method]))
            )
    return tuple(sorted(found.values(), key=lambda one: (one.where, one.pattern.pattern)))


def _literals(tree: Any) -> Iterator[str]:
    """Runs of literal characters, and one character of each class, in a parsed expression."""
    run = ""
    for operation, argument in tree:
        name = str(operation)
        if name == "LITERAL":
            run += chr(argument)
            continue
        if run:
            yield run
            run = ""
        if name == "IN":
            for kind, value in argument[:3]:
                if str(kind) == "LITERAL":
                    yield chr(value)
                elif str(kind) == "RANGE":
                    yield chr(value[0])
        else:
            yield from _nested(argument)
    if run:
        yield run


def _nested(argument: Any) -> Iterator[str]:
    if isinstance(argument, parser.SubPattern):
        yield from _literals(argument)
    elif isinstance(argument, list | tuple):
        for item in argument:
            yield from _nested(item)


def _strings(pattern: re.Pattern[str]) -> Iterator[tuple[str, str, str]]:
    """(prefix, piece, suffix) of each pumped string."""
    own = list(dict.fromkeys(_literals(parser.parse(pattern.pattern, pattern.flags))))
    pieces = [*_COMMON, *own[:_MOST_PIECES], *(f"{one} " for one in own[:8]), *(f"{one}1" for one in own[:4])]
    yield from itertools.product([""], dict.fromkeys(pieces), _SUFFIXES)
    yield from itertools.product(["1 ", *own[:4]], dict.fromkeys([" ", "a", "A", "1", "a ", "\n", *own[:4]]), _SUFFIXES)


def _seconds(expression: Expression, text: str) -> float:
    anchored = expression.methods and expression.methods <= {"match", "fullmatch"}
    method = expression.pattern.fullmatch if expression.methods == {"fullmatch"} else expression.pattern.match
    start = time.process_time()
    if anchored:
        method(text)
    else:
        for _ in expression.pattern.finditer(text):
            pass
    return time.process_time() - start


def _grows_too_fast(expression: Expression, text: str, longer: str) -> bool:
    """Whether four times the text takes far more than four times as long, by the best of up to 12 runs, because
    another process may slow down several in a row.
    """
    best = [math.inf, math.inf]
    for attempt in range(12):
        best = [min(one, _seconds(expression, part)) for one, part in zip(best, (text, longer), strict=True)]
        if best[1] <= _MOST_GROWTH * max(best[0], 1e-6):
            return False
        if attempt >= 6 and best[1] > _CERTAIN_GROWTH * max(best[0], 1e-6):
            break
    return True


def slow_string(expression: Expression) -> str | None:
    """A description of the first string on which an expression takes too long; None if there is none."""
    bound = _BOUNDED.get(expression.where, _BOUNDED.get(expression.module))
    for prefix, piece, suffix in _strings(expression.pattern):

        def pumped(size: int, parts: tuple[str, str, str] = (prefix, piece, suffix)) -> str:
            return parts[0] + parts[1] * (size // len(parts[1])) + parts[2]

        described = f"{prefix!r} + {piece!r} * n + {suffix!r}"
        if _seconds(expression, pumped(_TINY_SIZE)) > _TOO_LONG_FOR_TINY:  # exponential
            return f"{described}, {_TINY_SIZE} characters"
        if bound is not None:
            if _seconds(expression, pumped(bound)) > _BOUNDED_SECONDS < _seconds(expression, pumped(bound)):
                return f"{described}, {bound} characters"
            continue
        small = _seconds(expression, pumped(_SMALL_SIZE))
        if small > _TOO_LONG_FOR_SMALL:
            return f"{described}, {_SMALL_SIZE} characters"
        if 64 * small < _NOTICEABLE:  # not even cubic growth could be noticed in the next size
            continue
        middle = _seconds(expression, pumped(_MIDDLE_SIZE))
        if middle < _NOTICEABLE or middle < _SUSPICIOUS_GROWTH * small:
            continue
        if middle > _TOO_LONG:
            return f"{described}, {_MIDDLE_SIZE} characters"
        if _grows_too_fast(expression, pumped(_SIZE), pumped(_LARGE_SIZE)):
            return described
    return None


def test_the_search_for_expressions_finds_them(expressions: tuple[Expression, ...]) -> None:
    assert len(expressions) > 100
    assert {"lemma.grading.extraction", "lemma.steps"} <= {one.module for one in expressions}


@pytest.mark.parametrize(
    "bad", [r"(a+)+$", r"\s+$", r"\d+\s*x?\d+y", r"(?:[ ]?[a-z]+){1,3}\s+1", r"(?m)^A:.*(?=\s*\Z)$"]
)
def test_a_slow_expression_is_found(bad: str) -> None:
    assert slow_string(Expression("somewhere:_BAD", re.compile(bad), frozenset()))


@pytest.mark.parametrize("part", sorted(info.name for info in pkgutil.iter_modules([str(_PACKAGE)])))
def test_time_is_linear(expressions: tuple[Expression, ...], part: str) -> None:
    """Of every expression of a folder, or of a module beside the folders."""
    own = [one for one in expressions if one.module.split(".")[1:2] == [part]]
    found = {f"{one.where} {one.pattern.pattern!r}": text for one in own if (text := slow_string(one))}
    assert not found, "\n".join(f"{name} is slow on {text}" for name, text in found.items())
