"""Units of measurement and money: what they measure, and their size as an exact rational.

    >>> read_unit(["km", "per", "hour"])[0] == read_unit(["kph"])[0]
    True

`5 km` and `5000 m` are the same quantity; `5 km` and `5 m`, `5 m` and `5 m^2`, dollars and euros are not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

Dimensions = tuple[tuple[str, int], ...]


class Unit(NamedTuple):
    """What is measured, in powers of base quantities, and how many base units one of it is."""

    dimensions: Dimensions
    scale: Fraction


# One line per group of sizes of a base quantity: name = size in base units, then all names of that size.
_TABLE = """
length: 1 m meter metre | 1000 km kilometer kilometre | 1/10 dm decimeter decimetre | 1/100 cm centimeter centimetre
length: 1/1000 mm millimeter millimetre | 0.0254 in inch inche | 0.3048 ft foot feet | 0.9144 yd yard
length: 1609.344 mi mile | 1/1000000 micrometer micron | 1/1000000000 nm nanometer
mass: 1 kg kilogram kilo | 1/1000 g gram gm | 1/1000000 mg milligram | 1000 tonne | 0.45359237 lb pound
mass: 907.18474 ton | 0.028349523125 oz ounce
time: 1 s sec second | 60 min minute | 3600 h hr hour | 86400 day | 604800 week wk | 1/1000 ms millisecond
months: 1 month mo | 12 year yr | 120 decade | 1200 century centurie
usd: 1 $ dollar usd buck | 1/100 cent ¢ penny pennie | 1/20 nickel | 1/10 dime
eur: 1 € euro eur
gbp: 1 £ gbp | 1/100 pence
jpy: 1 ¥ yen jpy
inr: 1 ₹ rupee inr rs
angle: 1 degree deg | 1/60 arcminute
radian: 1 radian rad
celsius: 1 celsius
fahrenheit: 1 fahrenheit
kelvin: 1 kelvin
information: 1 byte b | 1000 kb kilobyte | 1000000 mb megabyte | 1000000000 gb gigabyte
electric: 1 ampere amp | 1/1000 milliampere milliamp
amount: 1 mol mole
score: 1 point pt mark
"""
# Volumes and speeds that have names of their own, in terms of the base quantities.
_DERIVED = {
    "l liter litre": ({"length": 3}, Fraction(1, 1000)),
    "ml milliliter millilitre cc": ({"length": 3}, Fraction(1, 10**6)),
    "gallon gal": ({"length": 3}, Fraction("0.003785411784")),
    "quart qt": ({"length": 3}, Fraction("0.000946352946")),
    "pint": ({"length": 3}, Fraction("0.000473176473")),
    "cup": ({"length": 3}, Fraction("0.0002365882365")),
    "tablespoon tbsp": ({"length": 3}, Fraction("0.00001478676478125")),
    "teaspoon tsp": ({"length": 3}, Fraction("0.00000492892159375")),
    "hectare ha": ({"length": 2}, Fraction(10000)),
    "acre": ({"length": 2}, Fraction("4046.8564224")),
    "mph": ({"length": 1, "time": -1}, Fraction("0.44704")),
    "kph kmh kmph": ({"length": 1, "time": -1}, Fraction(5, 18)),
    "fps": ({"length": 1, "time": -1}, Fraction("0.3048")),
    "newton": ({"mass": 1, "length": 1, "time": -2}, Fraction(1)),
    "joule": ({"mass": 1, "length": 2, "time": -2}, Fraction(1)),
    "watt": ({"mass": 1, "length": 2, "time": -3}, Fraction(1)),
    "kilowatt": ({"mass": 1, "length": 2, "time": -3}, Fraction(1000)),
    "megawatt": ({"mass": 1, "length": 2, "time": -3}, Fraction(10**6)),
    "kilojoule": ({"mass": 1, "length": 2, "time": -2}, Fraction(1000)),
    "kilonewton": ({"mass": 1, "length": 1, "time": -2}, Fraction(1000)),
    "volt": ({"mass": 1, "length": 2, "time": -3, "electric": -1}, Fraction(1)),
    "kilovolt": ({"mass": 1, "length": 2, "time": -3, "electric": -1}, Fraction(1000)),
    "ohm": ({"mass": 1, "length": 2, "time": -3, "electric": -2}, Fraction(1)),
    "hertz": ({"time": -1}, Fraction(1)),
    "kilohertz": ({"time": -1}, Fraction(1000)),
    "megahertz": ({"time": -1}, Fraction(10**6)),
    "gigahertz": ({"time": -1}, Fraction(10**9)),
    "pascal": ({"mass": 1, "length": -1, "time": -2}, Fraction(1)),
    "kilopascal": ({"mass": 1, "length": -1, "time": -2}, Fraction(1000)),
    "wh watthour": ({"mass": 1, "length": 2, "time": -2}, Fraction(3600)),
    "kwh kilowatthour": ({"mass": 1, "length": 2, "time": -2}, Fraction(3600000)),
    "cal calorie": ({"mass": 1, "length": 2, "time": -2}, Fraction("4.184")),
    "kcal kilocalorie": ({"mass": 1, "length": 2, "time": -2}, Fraction(4184)),
    "coulomb": ({"electric": 1, "time": 1}, Fraction(1)),
}
_POWERS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3, "squared": 2, "cubed": 3}
_CURRENCIES = frozenset(["usd", "eur", "gbp", "jpy", "inr"])
_ADJECTIVES = frozenset(["total", "more", "extra", "additional", "full", "whole", "us", "of", "american", "about"])
_POWER_MARK = re.compile(r"\^\{?(-?\d)\}?")
# Short names that are ordinary words or variables elsewhere: they count only right after a number.
SHORT_NAMES = frozenset(["m", "s", "g", "h", "l", "L", "W", "V", "N", "J", "A", "K", "C", "F", "\\Omega", "\\ohm"])
# Symbols in which case counts.
_SYMBOLS = {
    "W": "watt", "kW": "kilowatt", "MW": "megawatt", "V": "volt", "kV": "kilovolt", "N": "newton", "kN": "kilonewton",
    "J": "joule", "kJ": "kilojoule", "A": "ampere", "mA": "milliampere", "K": "kelvin", "C": "celsius",
    "F": "fahrenheit", "Hz": "hertz", "kHz": "kilohertz", "MHz": "megahertz", "GHz": "gigahertz", "Pa": "pascal",
    "kPa": "kilopascal", "\\Omega": "ohm", "\\ohm": "ohm", "Omega": "ohm", "ohm": "ohm",
}  # fmt: skip
# `kg m` is `kg * m`.
_FACTORS = frozenset(["kg", "g", "m", "cm", "mm", "km", "s", "N", "J", "W", "V", "A", "K", "mol"])


def _build_table() -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    for line in _TABLE.strip().splitlines():
        quantity, _, rest = line.partition(": ")
        for group in rest.split("|"):
            size, *names = group.split()
            units.update({name: Unit(((quantity, 1),), Fraction(size)) for name in names})
    for derived_names, (dimensions, scale) in _DERIVED.items():
        units.update({name: Unit(tuple(sorted(dimensions.items())), scale) for name in derived_names.split()})
    return units


_UNITS = _build_table()


@lru_cache(maxsize=1024)
def find_unit(name: str) -> Unit | None:
    """The unit of that name, in singular or plural, whatever its case."""
    name = _SYMBOLS.get(name, name).lower()
    return _UNITS.get(name) or (_UNITS.get(name[:-1]) if name.endswith("s") and len(name) > 2 else None)


def read_unit(words: Sequence[str]) -> tuple[Unit, int] | None:
    """The unit that `words` begin with, and how many of them it takes; None if they begin with none.

    Words are names, `/`, `per`, `^2` and the like.
    """
    skipped = 0
    while skipped < len(words) and words[skipped].lower() in _ADJECTIVES:
        skipped += 1
    unit, at = _read_factor(words, skipped)
    while unit is not None and at < len(words):
        further = _read_further_factor(unit, words, at)
        if further is None:
            break
        unit, at = further
    return None if unit is None else (unit, at)


def is_money(unit: Unit) -> bool:
    """Whether a unit is of money, or money per something."""
    return any(quantity in _CURRENCIES and power == 1 for quantity, power in unit.dimensions)


def without_rate(unit: Unit) -> Unit:
    """The money alone of "dollars per day"; any other unit as it is."""
    if not is_money(unit):
        return unit
    return Unit(tuple(item for item in unit.dimensions if item[0] in _CURRENCIES), unit.scale)


def _read_further_factor(unit: Unit, words: Sequence[str], at: int) -> tuple[Unit, int] | None:
    """`unit` with the factor that `/ hour` or `* m` at `at` adds, and where that ends; None if there is none."""
    joint = words[at].lower()
    # "18 dollars a day" is a rate; "3 hours a day" is most often 3 hours.
    divides = joint in ("/", "per") or (joint in ("a", "an", "each", "every") and is_money(unit))
    is_next_to = words[at] in _FACTORS and words[at - 1] in _FACTORS
    if not divides and not is_next_to and joint not in ("*", "-", "\\cdot"):
        return None
    factor, end = _read_factor(words, at if is_next_to else at + 1)
    if factor is None or dict(factor.dimensions).keys() & dict(unit.dimensions).keys():
        return None
    if divides and is_money(unit):
        # A price per hour is not compared with one per day, and a bare price with both.
        factor = Unit(tuple((f"{factor.scale} {name}", power) for name, power in factor.dimensions), Fraction(1))
    return _multiply(unit, factor, -1 if divides else 1), end


def _read_factor(words: Sequence[str], at: int) -> tuple[Unit | None, int]:
    power = 1
    if at < len(words) and words[at].lower().rstrip(".") in _POWERS:
        power, at = _POWERS[words[at].lower().rstrip(".")], at + 1
    unit = find_unit(words[at].rstrip(".")) if at < len(words) else None
    if unit is None:
        return None, at
    at += 1
    if at < len(words):
        mark = _POWER_MARK.fullmatch(words[at])
        if mark:
            power, at = int(mark.group(1)), at + 1
        elif words[at].lower() in ("squared", "cubed"):
            power, at = _POWERS[words[at].lower()], at + 1
    return _multiply(Unit((), Fraction(1)), unit, power), at


def _multiply(left: Unit, right: Unit, power: int) -> Unit:
    dimensions = dict(left.dimensions)
    for quantity, exponent in right.dimensions:
        dimensions[quantity] = dimensions.get(quantity, 0) + power * exponent
    kept = tuple(sorted((quantity, exponent) for quantity, exponent in dimensions.items() if exponent))
    return Unit(kept, left.scale * right.scale**power)
