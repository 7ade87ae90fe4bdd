r"""Exact equality of expressions, by a normal form: a quotient of polynomials with rational coefficients.

The unknowns of the polynomials ("atoms") are variables, pi, e, i, roots of primes, and functions of normal forms.
Roots of different primes are linearly independent over the rationals (Besicovitch 1940), so two normal forms in which
no other atoms occur than independent ones (`Form.transparent`) are equal exactly if the numbers are. Every operation is
bounded; what would grow too large raises `UndecidedError`.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from math import ceil, comb, factorial, floor, gcd, lcm
from typing import NamedTuple

from lemma.grading.expressions import TRIGONOMETRIC, Expr, Num, Sym

Monomial = tuple[tuple[str, Fraction], ...]
Polynomial = dict[Monomial, Fraction]

_MAX_BITS = 1 << 14
_MAX_TERMS = 400
_MAX_POWER = 24
_MAX_FACTOR = 20_000
_MAX_FACTORIAL = 500
_ONE: Monomial = ()
_I_PI: Monomial = (("i", Fraction(1)), ("pi", Fraction(1)))
_HALF = Fraction(1, 2)


class UndecidedError(ArithmeticError):
    """Too large, undefined, or outside of what the normal form covers."""


class Form(NamedTuple):
    """numerator / denominator; `transparent` if all atoms are known to be independent of each other."""

    numerator: Polynomial
    denominator: Polynomial
    transparent: bool = True

    def rational(self) -> Fraction | None:
        """The value, if it is a rational number."""
        if self.denominator != _UNIT or not self.numerator.keys() <= {_ONE}:
            return None
        return self.numerator.get(_ONE, Fraction(0))


_UNIT: Polynomial = {_ONE: Fraction(1)}


def normal_form(expression: Expr) -> Form:
    """The normal form of an expression; raises `UndecidedError`."""
    if isinstance(expression, Num):
        return _constant(expression.value)
    if isinstance(expression, Sym):
        if expression.name == "infinity":
            raise UndecidedError("infinity is no number")
        return Form({((expression.name, Fraction(1)),): Fraction(1)}, _UNIT)
    operation = _OPERATIONS.get(expression.head)
    if operation is not None:
        return operation(*map(normal_form, expression.args))
    return _function(expression.head, [normal_form(argument) for argument in expression.args])


def forms_equal(left: Form, right: Form) -> bool | None:
    """True or False where that is proven, None where it is not."""
    try:
        product = _multiply(right.numerator, left.denominator)
        difference = _sum(
            _multiply(left.numerator, right.denominator), {term: -coefficient for term, coefficient in product.items()}
        )
    except UndecidedError:
        return None
    if not difference:
        return True
    atoms = {atom for term in difference for atom, _ in term}
    # Nobody has proven that e and pi are independent of each other.
    return False if left.transparent and right.transparent and not atoms >= {"e", "pi"} else None


def proportional(left: Form, right: Form) -> Fraction | None:
    """The rational c with left = c * right, if there is one and both are polynomials."""
    if not left.numerator or not right.numerator or left.denominator != right.denominator:
        return None
    monomial = next(iter(right.numerator))
    ratio = left.numerator.get(monomial, Fraction(0)) / right.numerator[monomial]
    scaled = {term: ratio * coefficient for term, coefficient in right.numerator.items()}
    return ratio if ratio and scaled == left.numerator else None


def subtract(left: Form, right: Form) -> Form:
    """left - right."""
    return _add(left, _negate(right))


def linear_root(form: Form, variable: str) -> tuple[Form, Fraction] | None:
    """(root, slope) of a form that is a * variable + b with rational a; None for any other."""
    slope = form.numerator.get(((variable, Fraction(1)),))
    rest = {term: coefficient for term, coefficient in form.numerator.items() if term != ((variable, Fraction(1)),)}
    if form.denominator != _UNIT or not slope or any(atom == variable for term in rest for atom, _ in term):
        return None
    return Form({term: -coefficient / slope for term, coefficient in rest.items()}, _UNIT, form.transparent), slope


def _constant(value: Fraction | int) -> Form:
    value = Fraction(value)
    if value.numerator.bit_length() + value.denominator.bit_length() > _MAX_BITS:
        raise UndecidedError("too many digits")
    return Form({_ONE: value} if value else {}, _UNIT)


def _add(left: Form, right: Form) -> Form:
    if left.denominator == right.denominator:
        return Form(_sum(left.numerator, right.numerator), left.denominator, left.transparent and right.transparent)
    top = _sum(_multiply(left.numerator, right.denominator), _multiply(right.numerator, left.denominator))
    return _reduced(top, _multiply(left.denominator, right.denominator), left, right)


def _negate(form: Form) -> Form:
    return form._replace(numerator={term: -coefficient for term, coefficient in form.numerator.items()})


def _times(left: Form, right: Form) -> Form:
    top = _multiply(left.numerator, right.numerator)
    return _reduced(top, _multiply(left.denominator, right.denominator), left, right)


def _divide(left: Form, right: Form) -> Form:
    if not right.numerator:
        raise UndecidedError("division by zero")
    top = _multiply(left.numerator, right.denominator)
    return _reduced(top, _multiply(left.denominator, right.numerator), left, right)


def _reduced(top: Polynomial, bottom: Polynomial, left: Form, right: Form) -> Form:
    transparent = left.transparent and right.transparent
    if len(bottom) == 1:
        ((term, coefficient),) = bottom.items()
        inverse = tuple((atom, -exponent) for atom, exponent in term)
        return Form(_multiply(top, {inverse: 1 / coefficient}), _UNIT, transparent)
    if not bottom:
        raise UndecidedError("division by zero")
    return Form(top, bottom, transparent)


def _sum(left: Polynomial, right: Polynomial) -> Polynomial:
    total = dict(left)
    _add_into(total, right)
    return total


def _add_into(total: Polynomial, polynomial: Polynomial) -> None:
    for term, coefficient in polynomial.items():
        total[term] = total.get(term, Fraction(0)) + coefficient
        if not total[term]:
            del total[term]


def _multiply(left: Polynomial, right: Polynomial) -> Polynomial:
    if len(left) * len(right) > _MAX_TERMS:
        raise UndecidedError("too many terms")
    total: Polynomial = {}
    for left_term, left_coefficient in left.items():
        for right_term, right_coefficient in right.items():
            product = _multiply_terms(left_term, right_term, left_coefficient * right_coefficient)
            _add_into(total, product)
    return total


def _multiply_terms(left: Monomial, right: Monomial, coefficient: Fraction) -> Polynomial:
    if coefficient.numerator.bit_length() + coefficient.denominator.bit_length() > _MAX_BITS:
        raise UndecidedError("too many digits")
    if not left or not right:
        merged = dict(left or right)
    else:
        merged = dict(left)
        for atom, exponent in right:
            merged[atom] = merged.get(atom, Fraction(0)) + exponent
    if not merged:
        return {_ONE: coefficient}
    return _simplify_term(merged, coefficient)


def _simplify_term(exponents: dict[str, Fraction], coefficient: Fraction) -> Polynomial:
    squared_sine: str | None = None
    for atom, exponent in list(exponents.items()):
        if atom[0] == "#":  # a prime: whole powers go into the coefficient
            whole = exponent.numerator // exponent.denominator
            coefficient *= _bounded_power(Fraction(int(atom[1:])), whole)
            exponents[atom] = exponent - whole
        elif atom == "i" and exponent.denominator == 1:
            coefficient *= -1 if exponent % 4 in (2, 3) else 1
            exponents[atom] = exponent % 2
        elif atom.startswith("sin{") and exponent >= 2:
            squared_sine = atom
    term = tuple(sorted((atom, exponent) for atom, exponent in exponents.items() if exponent))
    if squared_sine is None:
        return {term: coefficient} if coefficient else {}
    rest = dict(term)
    rest[squared_sine] -= 2
    cosine: Polynomial = {_ONE: Fraction(1), ((squared_sine.replace("sin", "cos", 1), Fraction(2)),): Fraction(-1)}
    rest_term = tuple(sorted((atom, exponent) for atom, exponent in rest.items() if exponent))
    return _multiply({rest_term: coefficient}, cosine)


def _bounded_power(base: Fraction, exponent: int) -> Fraction:
    bits = base.numerator.bit_length() + base.denominator.bit_length()
    if abs(exponent) * bits > _MAX_BITS and base not in (0, 1, -1):
        raise UndecidedError("too large a power")
    if not base and exponent <= 0:
        raise UndecidedError("zero to the power of zero or less")
    return base**exponent


def _power(base: Form, exponent: Form) -> Form:
    value = exponent.rational()
    if value is None:
        return _power_with_variable(base, exponent)
    rational = base.rational()
    if value.denominator == 1:
        if rational is not None:
            return _constant(_bounded_power(rational, value.numerator))
        return _whole_power(base, value.numerator)
    if rational is not None:
        return _rational_root(rational, value)
    return _power_of_form(base, value)


def _whole_power(base: Form, exponent: int) -> Form:
    if exponent < 0:
        return _divide(_constant(1), _whole_power(base, -exponent))
    if len(base.numerator) == 1 and base.denominator == _UNIT:
        ((term, coefficient),) = base.numerator.items()
        exponents = {atom: power * exponent for atom, power in term}
        if any(atom.startswith("sin{") for atom in exponents) and exponent > _MAX_POWER:
            raise UndecidedError("too large a power")
        return base._replace(numerator=_simplify_term(exponents, _bounded_power(coefficient, exponent)))
    if exponent > _MAX_POWER:
        raise UndecidedError("too large a power")
    return reduce(_times, [base] * exponent, _constant(1))


def _rational_root(value: Fraction, exponent: Fraction) -> Form:
    """value ** exponent, as a product of roots of primes."""
    if not value:
        if exponent < 0:
            raise UndecidedError("division by zero")
        return _constant(0)
    sign: Polynomial = {_ONE: Fraction(1)}
    if value < 0:
        if exponent.denominator == 2:
            sign = _simplify_term({"i": Fraction(exponent.numerator)}, Fraction(1))
        elif exponent.denominator % 2:
            sign = {_ONE: Fraction(-1 if exponent.numerator % 2 else 1)}
        else:
            raise UndecidedError("no root in school mathematics")
    exponents = {f"#{prime}": count * exponent for prime, count in _prime_exponents(abs(value)).items()}
    return Form(_multiply(_simplify_term(exponents, Fraction(1)), sign), _UNIT)


def _prime_exponents(value: Fraction) -> dict[int, int]:
    """The prime factors of a positive rational; those of the denominator have negative exponents."""
    return _factors(value.numerator) | {prime: -count for prime, count in _factors(value.denominator).items()}


def _factors(number: int) -> dict[int, int]:
    factors: dict[int, int] = {}
    divisor = 2
    while divisor * divisor <= number:
        if divisor > _MAX_FACTOR:
            raise UndecidedError("too large to factor")
        while number % divisor == 0:
            factors[divisor] = factors.get(divisor, 0) + 1
            number //= divisor
        divisor += 1 if divisor == 2 else 2
    if number > 1:
        factors[number] = factors.get(number, 0) + 1
    return factors


def _power_of_form(base: Form, exponent: Fraction) -> Form:
    r"""A fractional power of something with variables or roots: `\sqrt{x}`, `\sqrt{2+\sqrt{3}}`, `\sqrt{12x}`."""
    if base.denominator == _UNIT and len(base.numerator) == 1:
        ((term, coefficient),) = base.numerator.items()
        if all(power == 1 for _, power in term) and coefficient > 0:
            root = _rational_root(coefficient, exponent)
            exponents = {atom: power * exponent for atom, power in term}
            transparent = base.transparent and "i" not in exponents
            return _times(root, Form(_simplify_term(exponents, Fraction(1)), _UNIT, transparent))
    # The positive rational that divides all coefficients is taken out: `\sqrt{8+4\sqrt{3}}` is `2\sqrt{2+\sqrt{3}}`.
    coefficients = list(base.numerator.values())
    if not coefficients:
        raise UndecidedError("a root of zero")
    top = reduce(gcd, (coefficient.numerator for coefficient in coefficients))
    bottom = reduce(lcm, (coefficient.denominator for coefficient in coefficients))
    content = Fraction(top, bottom)
    primitive = base._replace(numerator={term: value / content for term, value in base.numerator.items()})
    root = _rational_root(content, exponent)
    return _times(root, Form({((f"({_key(primitive)})", exponent),): Fraction(1)}, _UNIT, transparent=False))


def _power_with_variable(base: Form, exponent: Form) -> Form:
    r"""`2^{n+1}`: each term of the exponent is an atom's power of its own, so that it equals `2\cdot 2^n`."""
    rational = base.rational()
    if exponent.denominator != _UNIT:
        raise UndecidedError("a quotient in the exponent")
    if rational is not None and rational > 0:
        bases = {str(prime): count for prime, count in _prime_exponents(rational).items()}
    else:
        name = next((atom for term in base.numerator for atom, _ in term), "")
        if base != normal_form(Sym(name)):
            raise UndecidedError("a power of something composed")
        bases = {name: 1}
    result = _constant(1)
    for term, coefficient in exponent.numerator.items():
        for name, count in bases.items():
            turned = _on_unit_circle(coefficient) if name == "e" and term == _I_PI else None
            if turned:
                part = turned
            elif term == _ONE:
                plain = Num(Fraction(int(name))) if name.isdigit() else Sym(name)
                part = _power(normal_form(plain), _constant(coefficient * count))
            else:
                atom = f"{name}^{_key(Form({term: Fraction(1)}, _UNIT))}"
                part = Form({((atom, coefficient * count),): Fraction(1)}, _UNIT, transparent=False)
            result = _times(result, part)
    return result


def _on_unit_circle(turns: Fraction) -> Form | None:
    """e to the power of i times pi times `turns`, where its sine is known."""
    sine, cosine = _sine(_constant_times_pi(turns)), _sine(_constant_times_pi(turns + _HALF))
    if sine is None or cosine is None:
        return None
    return _add(cosine, _times(sine, normal_form(Sym("i"))))


def _key(form: Form) -> str:
    """A text that is the same for the same normal form."""
    parts = (_polynomial_key(form.numerator), _polynomial_key(form.denominator))
    return parts[0] if parts[1] == "1" else "/".join(parts)


def _polynomial_key(polynomial: Polynomial) -> str:
    terms = (
        "*".join([str(coefficient), *(f"{atom}^{exponent}" for atom, exponent in term)])
        for term, coefficient in polynomial.items()
    )
    return "+".join(sorted(terms))


def _root(radicand: Form, index: Form) -> Form:
    value = index.rational()
    if value is None or value.denominator != 1 or value < 1:
        raise UndecidedError("a root whose index is no positive integer")
    return _power(radicand, _constant(1 / value))


def _whole_number(form: Form, limit: int) -> int:
    value = form.rational()
    if value is None or value.denominator != 1 or not 0 <= value <= limit:
        raise UndecidedError("not a small whole number")
    return value.numerator


def _factorial(argument: Form) -> Form:
    return _constant(factorial(_whole_number(argument, _MAX_FACTORIAL)))


def _binomial(top: Form, bottom: Form) -> Form:
    return _constant(comb(_whole_number(top, _MAX_FACTORIAL), _whole_number(bottom, _MAX_FACTORIAL)))


def _function(name: str, arguments: list[Form]) -> Form:
    argument = arguments[0]
    value = argument.rational()
    if value is not None and name == "abs":
        return _constant(abs(value))
    if value is not None and name in ("floor", "ceil"):
        return _constant(floor(value) if name == "floor" else ceil(value))
    if name in TRIGONOMETRIC:
        return _trigonometric(name, argument)
    if name in ("ln", "log"):
        return _logarithm(name, arguments)
    if name == "exp":
        return _power(normal_form(Sym("e")), argument)
    return _opaque(f"{name}{{{','.join(map(_key, arguments))}}}")


def _opaque(atom: str) -> Form:
    return Form({((atom, Fraction(1)),): Fraction(1)}, _UNIT, transparent=False)


def _trigonometric(name: str, argument: Form) -> Form:
    sine, cosine = _sine(argument), _sine(_add(argument, _constant_times_pi(_HALF)))
    if sine is None or cosine is None:
        # Not known: the argument is turned so that its first coefficient is positive, which turns the sine's sign.
        flipped = _negate(argument)
        is_negative = _key(flipped) < _key(argument)
        key = _key(flipped if is_negative else argument)
        sine, cosine = _opaque(f"sin{{{key}}}"), _opaque(f"cos{{{key}}}")
        sine = _negate(sine) if is_negative else sine
    quotients = {
        "sin": (sine, None), "cos": (cosine, None), "tan": (sine, cosine), "cot": (cosine, sine),
        "sec": (_constant(1), cosine), "csc": (_constant(1), sine),
    }  # fmt: skip
    top, bottom = quotients[name]
    return top if bottom is None else _divide(top, bottom)


def _constant_times_pi(factor: Fraction) -> Form:
    return Form({(("pi", Fraction(1)),): factor}, _UNIT)


def _sine(argument: Form) -> Form | None:
    """The sine of a multiple of pi/6 or pi/4; None for any other argument."""
    if argument.denominator != _UNIT or not argument.numerator.keys() <= {(("pi", Fraction(1)),)}:
        return None
    turns = argument.numerator.get((("pi", Fraction(1)),), Fraction(0)) % 2
    sign, turns = (1, turns) if turns < 1 else (-1, turns - 1)
    squares = {0: 0, Fraction(1, 6): 1, Fraction(1, 4): 2, Fraction(1, 3): 3, _HALF: 4}
    square = squares.get(min(turns, 1 - turns))
    if square is None:
        return None
    return _times(_constant(Fraction(sign, 2)), _rational_root(Fraction(square), _HALF))


def _logarithm(name: str, arguments: list[Form]) -> Form:
    if len(arguments) == 2:
        top, bottom = (_logarithm("ln", [argument]) for argument in arguments)
        return _divide(top, bottom)
    value = arguments[0].rational()
    if value is None:
        if arguments[0].numerator == {(("e", Fraction(1)),): Fraction(1)} and name == "ln":
            return _constant(1)
        return _opaque(f"{name}{{{_key(arguments[0])}}}")
    if value <= 0:
        raise UndecidedError("the logarithm of a number that is not positive")
    terms = _prime_exponents(value).items()
    total: Polynomial = {((f"{name}{{{prime}}}", Fraction(1)),): Fraction(count) for prime, count in terms}
    return Form(total, _UNIT, transparent=False)


_OPERATIONS: dict[str, Callable[..., Form]] = {
    "add": _add,
    "sub": subtract,
    "mul": _times,
    "div": _divide,
    "neg": _negate,
    "pow": _power,
    "root": _root,
    "factorial": _factorial,
    "binomial": _binomial,
}
