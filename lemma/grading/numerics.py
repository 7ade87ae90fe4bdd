"""Proof that two expressions differ: their values at a point, each with a bound on its rounding error.

Numbers that agree prove nothing, and nothing here says `equal`.
"""

from __future__ import annotations

import cmath
import hashlib
import math
from collections.abc import Callable
from typing import NamedTuple

from lemma.grading.expressions import Call, Expr, Num, Sym, symbols

_EPSILON = 2.0**-50
_POINTS = 3
_HUGE = 1e200
_CONSTANT_VALUES = {"pi": complex(math.pi), "e": complex(math.e), "i": 1j}


class Ball(NamedTuple):
    """Every complex number within `radius` of `center`."""

    center: complex
    radius: float


class UndefinedError(ArithmeticError):
    """No value here: out of the domain, too large, or of a function that is not known."""


def provably_different(left: Expr, right: Expr) -> bool:
    """Whether the two have different values somewhere: at fixed positive values of their variables."""
    variables = symbols(left) | symbols(right)
    for point in range(_POINTS if variables else 1):
        values = {}
        for name in variables:
            # The same name has the same value between 0.5 and 2.5 in every process.
            digest = hashlib.blake2b(f"{name}\x1f{point}".encode(), digest_size=4).digest()
            values[name] = complex(0.5 + 2 * int.from_bytes(digest) / 2**32)
        try:
            one, other = evaluate(left, values), evaluate(right, values)
        except (ArithmeticError, ValueError):
            continue
        # Ten times the bound, because the library's functions may round worse than an ideal one.
        if abs(one.center - other.center) > 10 * (one.radius + other.radius):
            return True
    return False


def real_value(expression: Expr) -> float | None:
    """The value of an expression without variables, infinities included; None if it is not real."""
    if isinstance(expression, Sym) and expression.name == "infinity":
        return math.inf
    if isinstance(expression, Call) and expression.head == "neg" and expression.args == (Sym("infinity"),):
        return -math.inf
    try:
        value = evaluate(expression, {})
    except (ArithmeticError, ValueError):
        return None
    return value.center.real if abs(value.center.imag) <= 10 * value.radius else None


def evaluate(expression: Expr, values: dict[str, complex]) -> Ball:
    """The value of an expression, with its error bound; raises ArithmeticError or ValueError."""
    if isinstance(expression, Num):
        return _rounded(complex(expression.value))
    if isinstance(expression, Sym):
        value = values.get(expression.name, _CONSTANT_VALUES.get(expression.name))
        if value is None:
            raise UndefinedError(f"{expression.name} has no value")
        return _rounded(value)
    arguments = [evaluate(argument, values) for argument in expression.args]
    operation = _OPERATIONS.get(expression.head)
    if operation is not None:
        return _checked(operation(*arguments))
    return _checked(_apply(expression.head, arguments))


def _rounded(center: complex, radius: float = 0.0) -> Ball:
    return Ball(center, radius + abs(center) * _EPSILON)


def _checked(ball: Ball) -> Ball:
    if not (abs(ball.center) < _HUGE and ball.radius < _HUGE):
        raise UndefinedError("too large")
    return ball


def _add(left: Ball, right: Ball) -> Ball:
    return _rounded(left.center + right.center, left.radius + right.radius)


def _negate(ball: Ball) -> Ball:
    return Ball(-ball.center, ball.radius)


def _multiply(left: Ball, right: Ball) -> Ball:
    radius = abs(left.center) * right.radius + abs(right.center) * left.radius + left.radius * right.radius
    return _rounded(left.center * right.center, radius)


def _divide(left: Ball, right: Ball) -> Ball:
    smallest = abs(right.center) - right.radius
    if smallest <= 0:
        raise UndefinedError("division by what may be zero")
    center = left.center / right.center
    return _rounded(center, (left.radius + abs(center) * right.radius) / smallest)


def _power(base: Ball, exponent: Ball) -> Ball:
    if abs(base.center) <= base.radius:
        if exponent.center.real > 0 and not base.center:
            return Ball(0j, 0.0)
        raise UndefinedError("a power of what may be zero")
    if abs(exponent.center) > 1000:
        raise UndefinedError("too large an exponent")
    center = complex(base.center**exponent.center)
    if not base.center.imag and base.center.real < 0 and not exponent.center.imag:
        # In school, the cube root of -8 is -2: an exponent with an odd denominator has a real value.
        for odd in (1, 3, 5, 7, 9):
            whole = exponent.center.real * odd
            if abs(whole - round(whole)) < 1e-12:
                sign = -1 if round(whole) % 2 else 1
                center = complex(sign * (-base.center.real) ** exponent.center.real)
                break
    relative = abs(exponent.center) * base.radius / (abs(base.center) - base.radius)
    relative += abs(cmath.log(base.center)) * (exponent.radius + abs(exponent.center) * _EPSILON)
    return _rounded(center, abs(center) * (relative + relative**2 + 4 * _EPSILON))


def _root(radicand: Ball, index: Ball) -> Ball:
    if not radicand.center and not radicand.radius:
        return radicand
    return _power(radicand, _divide(Ball(1 + 0j, 0.0), index))


def _factorial(argument: Ball) -> Ball:
    number = argument.center.real
    if argument.center.imag or number != round(number) or not 0 <= number <= 100:
        raise UndefinedError("a factorial of no small whole number")
    return _rounded(complex(math.factorial(round(number))))


def _binomial(top: Ball, bottom: Ball) -> Ball:
    n, k = top.center.real, bottom.center.real
    if n != round(n) or k != round(k) or not 0 <= k <= n <= 300:
        raise UndefinedError("a binomial coefficient of no small whole numbers")
    return _rounded(complex(math.comb(round(n), round(k))))


def _logarithm(argument: Ball, base: Ball | None = None) -> Ball:
    smallest = abs(argument.center) - argument.radius
    if smallest <= 0:
        raise UndefinedError("a logarithm of what may be zero")
    result = _rounded(cmath.log(argument.center), argument.radius / smallest + _EPSILON)
    return result if base is None else _divide(result, _logarithm(base))


def _log(argument: Ball, base: Ball | None = None) -> Ball:
    if base is None:
        raise UndefinedError("a logarithm to a base that is not told")
    return _logarithm(argument, base)


def _exponential(argument: Ball) -> Ball:
    center = cmath.exp(argument.center)
    return _rounded(center, abs(center) * (math.expm1(argument.radius) + 4 * _EPSILON))


# Each with a bound on how fast it changes near a point, as a function of the point.
_SMOOTH: dict[str, tuple[Callable[[complex], complex], Callable[[complex], float]]] = {
    "sin": (cmath.sin, lambda z: math.cosh(z.imag) + 1),
    "cos": (cmath.cos, lambda z: math.cosh(z.imag) + 1),
    "arctan": (cmath.atan, lambda z: 1 / max(abs(1 + z * z), 1e-6)),
    "arcsin": (cmath.asin, lambda z: 1 / max(abs(1 - z * z), 1e-6)),
    "arccos": (cmath.acos, lambda z: 1 / max(abs(1 - z * z), 1e-6)),
    "sinh": (cmath.sinh, lambda z: math.cosh(z.real) + 1),
    "cosh": (cmath.cosh, lambda z: math.cosh(z.real) + 1),
}
_QUOTIENTS = {"tan": ("sin", "cos"), "cot": ("cos", "sin"), "tanh": ("sinh", "cosh")}


def _apply(name: str, arguments: list[Ball]) -> Ball:
    argument = arguments[0]
    if len(arguments) != 1:
        raise UndefinedError(f"{name} of several arguments")
    if name in _QUOTIENTS:
        top, bottom = _QUOTIENTS[name]
        return _divide(_apply(top, arguments), _apply(bottom, arguments))
    if name in ("sec", "csc"):
        return _divide(Ball(1 + 0j, 0.0), _apply("cos" if name == "sec" else "sin", arguments))
    if name not in _SMOOTH:
        raise UndefinedError(f"{name} is not known")
    function, slope = _SMOOTH[name]
    center = function(argument.center)
    return _rounded(center, slope(argument.center) * argument.radius * 2 + 4 * _EPSILON)


_OPERATIONS: dict[str, Callable[..., Ball]] = {
    "add": _add,
    "sub": lambda left, right: _add(left, _negate(right)),
    "mul": _multiply,
    "div": _divide,
    "neg": _negate,
    "pow": _power,
    "root": _root,
    "factorial": _factorial,
    "binomial": _binomial,
    "ln": _logarithm,
    "log": _log,
    "abs": lambda argument: Ball(complex(abs(argument.center)), argument.radius),
    "exp": _exponential,
}
