"""Systems of two linear equations, solved by adding them or by substitution."""

from __future__ import annotations

import random

from lemma.generation.algebra.exercise import Exercise, line, nonzero, number, said, total


def draw(rng: random.Random, largest: int) -> Exercise:
    """Two equations with a whole solution."""
    first, second = rng.choice((("x", "y"), ("a", "b"), ("m", "n"), ("p", "q")))
    one, other = nonzero(rng, min(largest, 9)), nonzero(rng, min(largest, 9))
    return rng.choice((added, substituted))(rng, (first, second), (one, other))


def asked(rng: random.Random, equations: tuple[str, str], names: tuple[str, str]) -> tuple[str, str]:
    """The question, and what is asked for: a letter, or a sum of both."""
    x, y = names
    wanted = said(rng, y, f"{x} + {y}", f"{x} - {y}", f"{x}{y}")
    given = said(
        rng,
        f"If ${equations[0]}$ and ${equations[1]}$, find ${wanted}$.",
        f"Suppose that ${equations[0]}$ and ${equations[1]}$. What is ${wanted}$?",
        f"Two numbers satisfy ${equations[0]}$ and ${equations[1]}$. Compute ${wanted}$.",
    )
    return given, wanted


def ending(wanted: str, names: tuple[str, str], values: tuple[int, int], found: str) -> tuple[tuple[str, ...], int]:
    """The step that finds the second letter, and the one that puts both into what is asked for."""
    x, y = names
    first, second = values
    if wanted == y:
        return (f"{found} ${y} = \\boxed{{{second}}}$.",), second
    shown = f"({second})" if second < 0 else number(second)
    said_values = f"({first})({second})" if wanted == x + y else f"{first} {wanted.split()[1]} {shown}"
    result = first * second if wanted == x + y else first + second if "+" in wanted else first - second
    return (f"{found} ${y} = {second}$.", f"Then ${wanted} = {said_values} = \\boxed{{{result}}}$."), result


def added(rng: random.Random, names: tuple[str, str], values: tuple[int, int]) -> Exercise:
    """a x + b y = c and d x - b y = e."""
    x, y = names
    a, d, b = rng.randint(1, 6), rng.randint(1, 6), rng.randint(1, 5)
    c, e = a * values[0] + b * values[1], d * values[0] - b * values[1]
    equations = f"{total([(a, x), (b, y)])} = {c}", f"{total([(d, x), (-b, y)])} = {e}"
    question, wanted = asked(rng, equations, names)
    put_in = a * values[0]
    last, result = ending(wanted, names, values, said(rng, "So", "This gives", "Therefore,"))
    steps = (
        said(rng, "Adding the equations gives", "Add both equations:", "The sum of the equations is")
        + f" ${line({1: a + d}, x)} = {c + e}$.",
        said(rng, "Hence", "So", "It follows that") + f" ${x} = {values[0]}$.",
        said(rng, "Put this into the first equation:", "Then the first equation is", "From the first equation we get")
        + f" ${f'{a}({values[0]})' if a > 1 else values[0]} + {line({1: b}, y)} = {c}$.",
        *((f"Subtracting, ${line({1: b}, y)} = {c - put_in}$.",) if b > 1 else ()),
        *last,
    )
    return Exercise(question, steps, number(result))


def substituted(rng: random.Random, names: tuple[str, str], values: tuple[int, int]) -> Exercise:
    """y = k x + r and a x + b y = c, with one letter put in for."""
    x, y = names
    k, a, b = nonzero(rng, 4), rng.randint(1, 5), rng.randint(2, 5)
    r = values[1] - k * values[0]
    c = a * values[0] + b * values[1]
    if not r or a + b * k in (0, 1, -1) or b * r == c:
        return substituted(rng, names, (values[0], values[1] + 1 or 1))
    inner = line({1: k, 0: r}, x)
    equations = f"{y} = {inner}", f"{total([(a, x), (b, y)])} = {c}"
    question, wanted = asked(rng, equations, names)
    last, result = ending(wanted, names, values, said(rng, "So", "This gives", "Therefore,"))
    steps = (
        said(rng, "Put the first equation into the second:", "Substitution gives", "Substituting, we obtain")
        + f" ${line({1: a}, x)} + {b}({inner}) = {c}$.",
        said(rng, "Expanding, we get", "Multiply out:", "That is,")
        + f" ${total([(a, x), (b * k, x), (b * r, '')])} = {c}$.",
        said(rng, "Thus", "So", "Combine like terms:") + f" ${line({1: a + b * k, 0: b * r}, x)} = {c}$.",
        said(rng, "Hence", "It follows that", "Then") + f" ${line({1: a + b * k}, x)} = {c - b * r}$.",
        f"So ${x} = {values[0]}$.",
        f"Now ${y} = {values[0] if k == 1 else line({1: k}, 'X').replace('X', f'({values[0]})')} "
        f"{'+' if r > 0 else '-'} {abs(r)}$.",
        *last,
    )
    return Exercise(question, steps, number(result))
