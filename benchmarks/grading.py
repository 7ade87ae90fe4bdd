r"""How reliable grading is, and how fast.

    python benchmarks/grading.py FILE [--solutions FILE] [--math FILE] [--processes 2]

FILE has pairs of answers, one JSON object per line: `gold`, `pred`, `equal` (true, false, or null for `unknown`), and
`why`. --solutions takes labeled model solutions of GSM8K, --math takes problems with an `answer` in LaTeX. Every
disagreement is printed. lemma is compared with math-verify at its defaults, and with the number rule of the grader that
LEMMA used.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import random
import re
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from lemma import verdict
from lemma.grading import math_verify_pool
from lemma.grading.verdict import extract_answer

Pair = tuple[str, str]
_EXPECTED = {True: "equal", False: "different", None: "unknown"}
_HOSTILE = Path(__file__).parent.parent / "tests" / "hostile_strings.py"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path, help="pairs of answers (JSON lines)")
    parser.add_argument("--solutions", type=Path, help="labeled model solutions of GSM8K (JSON lines)")
    parser.add_argument("--math", type=Path, help="problems with a LaTeX answer (JSON lines)")
    parser.add_argument("--processes", type=int, default=2, help="processes for measuring throughput (default: 2)")
    arguments = parser.parse_args()
    report_pairs(_read(arguments.pairs))
    solutions = labelled_solutions(_read(arguments.solutions)) if arguments.solutions else []
    golds = [row["answer"] for row in _read(arguments.math)] if arguments.math else []
    if solutions:
        report_solutions(solutions)
    if golds:
        report_forms(golds)
    report_throughput([(gold, text) for gold, text, _ in solutions], golds, arguments.processes)
    report_hostile()


def _read(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


# --- 1: pairs ---------------------------------------------------------------------------------------------------------


def report_pairs(rows: list[dict[str, Any]]) -> None:
    """How many pairs get the expected verdict from lemma, math-verify, and the number rule of LEMMA's grader."""
    print(f"1. {len(rows)} pairs")
    counts: Counter[str] = Counter()
    for row in rows:
        gold, pred, expected = row["gold"], row["pred"], _EXPECTED[row["equal"]]
        found = verdict(gold, pred)
        counts["ours"] += found == expected
        counts["math-verify"] += math_verify_verdict(gold, pred) == expected
        rule = factor_of_hundred_rule(gold, extract_answer(pred) or "")
        counts["rule decides"] += rule is not None
        counts["rule right"] += rule == expected
        if found != expected:
            print(f"   {found}, expected {expected}: gold {gold!r}, answer {pred!r} ({row.get('why', '')})")
    print(f"   lemma                       {counts['ours']:5d} of {len(rows)}")
    print(f"   math-verify, its defaults   {counts['math-verify']:5d} of {len(rows)}")
    print(
        f"   number rule of the grader LEMMA used: right on {counts['rule right']} of the {counts['rule decides']} it"
        " decides (the others go to its symbolic part, which executes text and is not run here)\n"
    )


def math_verify_verdict(gold: str, text: str) -> str:
    """math-verify as in its README, reading False as `different`."""
    from math_verify import parse, verify  # type: ignore[import-untyped]

    return "equal" if verify(parse(f"${gold}$"), parse(text)) else "different"


def factor_of_hundred_rule(gold: str, answer: str) -> str | None:
    """The number rule of the Qwen2.5-Math grader, which LEMMA used, reimplemented; None if there is no number.

    Currency and percent signs are dropped from the answer. Two numbers are equal if, to one part in ten thousand, they
    are the same or one is a hundred times the other.
    """
    numbers = [re.sub(r"[,$%\\]", "", text).strip().rstrip(".") for text in (gold, answer)]
    try:
        reference, prediction = map(float, numbers)
    except ValueError:
        return None
    candidates = (reference / 100, reference, reference * 100)
    return "equal" if any(math.isclose(one, prediction, rel_tol=1e-4) for one in candidates) else "different"


# --- 2: labeled solutions --------------------------------------------------------------------------------------------


def labelled_solutions(rows: list[dict[str, Any]]) -> list[tuple[str, str, bool]]:
    """(gold, solution, is_correct) of every model solution."""
    return [
        (extract_answer(row["ground_truth"]) or "", solution["solution"], solution["is_correct"])
        for row in rows
        for solution in row.values()
        if isinstance(solution, dict)
    ]


def report_solutions(solutions: list[tuple[str, str, bool]]) -> None:
    """Agreement with the labels; `unknown` agrees with neither."""
    print(f"2. {len(solutions)} labeled solutions")
    agreed: Counter[str] = Counter()
    for gold, text, is_correct in solutions:
        found, expected = verdict(gold, text), _EXPECTED[is_correct]
        agreed["ours"] += found == expected
        rule = factor_of_hundred_rule(gold, extract_answer(text) or "")
        agreed["rule"] += rule == expected
        if found != expected:
            print(
                f"   {found}, labeled {expected}: gold {gold!r}, answer {extract_answer(text)!r} of ...{text[-60:]!r}"
            )
        if rule != expected:
            print(f"   (the number rule of LEMMA's grader: {rule}, gold {gold!r}, answer {extract_answer(text)!r})")
    for name, count in agreed.items():
        print(f"   {name:5s} {count} of {len(solutions)} ({count / len(solutions):.2%})")
    print()


# --- 3: equivalent and wrong forms ------------------------------------------------------------------------------------

_INTEGER = re.compile(r"-?\d+")
_WHERE_SPACES_MATTER = re.compile(r"\\(?:text|mbox|begin)|\d,(?:\\!)? ?\d{3}")
_SIMPLE_FRACTION = re.compile(r"\\d?frac\{(-?\d+)\}\{(\d+)\}")


def equivalent_forms(gold: str) -> list[str]:
    """The same answer written in ten ways; those that do not apply leave it unchanged."""
    is_integer = bool(_INTEGER.fullmatch(gold))
    is_scalar = not re.search(r"[,=<>]|(?<!\\)\b[a-z]\b|\\(?:text|mbox|begin|cup|pm|in|le|circ)|\d_", gold)
    return [
        f"  {gold}  " if _WHERE_SPACES_MATTER.search(gold) else re.sub(r"([+,=]|(?<!\\)[{])", r"\1 ", gold),
        gold.replace("\\frac", "\\dfrac"),
        re.sub(r"(?<![a-zA-Z])\(", r"\\left(", gold).replace(")", "\\right)")
        if gold.count("(") == gold.count(")")
        else gold,
        f"{gold}.00" if is_integer else gold,
        f"${gold}$",
        f"{gold}\\text{{ units}}" if is_scalar else gold,
        f"The answer is $\\boxed{{{gold}}}$.",
        f"x = {gold}" if is_scalar else gold,
        _SIMPLE_FRACTION.sub(r"\1/\2", gold)
        if _SIMPLE_FRACTION.fullmatch(gold)
        else gold.replace("\\! ", "\\!").replace(" ", "\\,"),
        f"{int(gold):,}" if is_integer else f"\\displaystyle {gold}",
    ]


def wrong_forms(gold: str, golds: list[str], rng: random.Random) -> list[str]:
    """A hundred wrong answers: answers to other problems, and this one with a number or a sign changed."""
    shape = _bare(gold)
    others = [other for other in golds if _bare(other) != shape]
    changed = [form for form in _changed_numbers(gold) if _bare(form) != shape]
    rng.shuffle(changed)
    return [*changed[:60], *rng.sample(others, 100 - len(changed[:60]))]


def _bare(answer: str) -> str:
    """An answer stripped of units and formatting; answers that agree in this may be equal."""
    answer = re.sub(
        r"\\(?:text|mbox)\{ *(?:cm|inches|cents|degrees)[^{}]*\}(?:\^\d)?|\^\{?\\circ\}?|\\\$|\\!|\\d|[{}() ]",
        "",
        answer,
    )
    return re.sub(r"^x(?:=|\\in)", "", answer.replace("\\frac", "frac").replace("dfrac", "frac").replace("rac", "frac"))


def _changed_numbers(gold: str) -> Iterator[str]:
    for match in re.finditer(r"\d+", gold):
        before, number, after = gold[: match.start()], int(match.group()), gold[match.end() :]
        factors = () if number == 0 or before.endswith(".") else (number * 10, number * 100)
        for other in (number + 1, number + 2, number + 10, number - 1, *factors):
            if other >= 0:
                yield f"{before}{other}{after}"
    if gold not in ("0", "\\pi") and not re.search(r"\\pm|[=,]|\\text|\\begin|\\cup|\\in|\\infty|_", gold):
        yield gold[1:] if gold.startswith("-") and "+" not in gold[1:] and "-" not in gold[1:] else f"-({gold})"


def report_forms(golds: list[str]) -> None:
    """Grade gold answers against equivalent forms of themselves, and against a hundred wrong answers each."""
    print(f"3. {len(golds)} gold answers")
    right = [(gold, form) for gold in golds for form in equivalent_forms(gold)]
    found = [verdict(gold, form) for gold, form in right]
    changed = [one for one, (gold, form) in zip(found, right, strict=True) if gold != form]
    for one, (gold, form) in zip(found, right, strict=True):
        if one != "equal":
            print(f"   {one}, expected equal: gold {gold!r}, answer {form!r}")
    print(f"   ten equivalent forms: {found.count('equal') / len(found):.2%} of {len(found)} equal")
    print(f"   (of the {len(changed)} that differ from gold in spelling: {changed.count('equal') / len(changed):.2%})")
    rng = random.Random(0)
    wrong = [(gold, form) for gold in golds for form in wrong_forms(gold, golds, rng)]
    verdicts: Counter[str] = Counter()
    for gold, form in wrong:
        one = verdict(gold, form)
        verdicts[one] += 1
        if one == "equal":
            print(f"   equal, expected different: gold {gold!r}, answer {form!r}")
    print(f"   wrong forms: {len(wrong)}, verdicts {dict(verdicts)}\n")


# --- 4: throughput ----------------------------------------------------------------------------------------------------


def _ours(pairs: list[Pair]) -> float:
    start = _cpu_seconds()
    for gold, text in pairs:
        verdict(gold, text)
    return _cpu_seconds() - start


def _theirs(pairs: list[Pair]) -> float:
    start = _cpu_seconds()
    for gold, text in pairs:
        math_verify_verdict(gold, text)
    return _cpu_seconds() - start


def _cpu_seconds() -> float:
    return time.process_time()


class Rate(NamedTuple):
    """Verdicts per second by wall clock, and what they would be if each process had a core to itself."""

    by_clock: float
    by_cpu: float

    def __str__(self) -> str:
        return f"{self.by_clock:10,.0f} per second by wall clock, {self.by_cpu:10,.0f} by CPU time"


def _per_second(grade: Callable[[list[Pair]], float], pairs: list[Pair], processes: int) -> Rate:
    """Grading speed on this many processes, each warmed up beforehand."""
    size = max(1, len(pairs) // (processes * 8))
    chunks = [pairs[at : at + size] for at in range(0, len(pairs), size)]
    with get_context("spawn").Pool(processes) as pool:
        warm_up = [[("\\sqrt{2}", "\\sin x"), ("\\int x dx", "\\int y dy")]] * processes * 4
        pool.map(grade, warm_up, chunksize=1)
        start = time.perf_counter()
        cpu_seconds = sum(pool.map(grade, chunks, chunksize=1))
        return Rate(len(pairs) / (time.perf_counter() - start), len(pairs) * processes / cpu_seconds)


def numeric_pairs(count: int) -> Iterable[Pair]:
    """Pairs of numbers as gold answers and models write them, about half of them equal."""
    rng = random.Random(0)
    for _ in range(count):
        gold = rng.randrange(10**7)
        answer = gold if rng.random() < 0.5 else rng.randrange(10**7)
        forms = (
            f"{answer}",
            f"{answer:,}",
            f"${answer:,}",
            f"{answer}.00",
            f"{answer}%",
            f"\\frac{{{2 * answer}}}{{2}}",
        )
        yield str(gold), rng.choice(forms)


def report_throughput(solutions: list[Pair], golds: list[str], processes: int) -> None:
    """Verdicts per second."""
    print(f"4. throughput on {processes} processes")
    print(f"   bare numbers             {_per_second(_ours, list(numeric_pairs(400_000)), processes)}")
    if solutions:
        # No pair twice: a cache shall not help.
        many = [(f"{gold}.{'0' * (at + 1)}", text) for at in range(30) for gold, text in solutions]
        print(f"   solutions, extracted     {_per_second(_ours, many, processes)}")
    if golds:
        rng = random.Random(0)
        mixed = [
            (gold, form) for gold in golds for form in (equivalent_forms(gold)[rng.randrange(10)], rng.choice(golds))
        ]
        ours, theirs = _per_second(_ours, mixed, processes), _per_second(_theirs, mixed, processes)
        print(f"   LaTeX answers            {ours}")
        print(f"   the same, math-verify    {theirs}")
        with get_context("spawn").Pool(1) as pool:
            asked = pool.apply(questions_for_math_verify, (mixed,))
        ratio = ours.by_clock / theirs.by_clock
        print(f"   lemma is {ratio:.0f} times as fast; {asked} of {len(mixed)} pairs go to math-verify\n")


def questions_for_math_verify(pairs: list[Pair]) -> int:
    """How many pairs the exact path leaves to math-verify. Run this in a process that has none of them cached."""
    asked = 0

    def count(gold: str, answer: str) -> str:
        nonlocal asked
        asked += 1
        return "unknown"

    math_verify_pool.ask_math_verify = count  # type: ignore[assignment]
    for gold, text in pairs:
        verdict(gold, text)
    return asked


# --- 5: hostile strings -----------------------------------------------------------------------------------------------


def report_hostile() -> None:
    """A thousand hostile strings: verdicts, the slowest, and peak memory."""
    spec = importlib.util.spec_from_file_location("hostile_strings", _HOSTILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    counts: Counter[str] = Counter()
    slowest = (0.0, "")
    for text in module.hostile_strings():
        for pair in (("18", text), (text, "\\frac{1}{2}")):
            start = time.perf_counter()
            counts[verdict(*pair)] += 1
            slowest = max(slowest, (time.perf_counter() - start, text[:60]))
    own, children = (
        resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(f"5. hostile strings: {dict(counts)}; slowest {slowest[0]:.1f} s: {slowest[1]!r}")
    print(f"   peak memory: {own} MiB in this process, {children} MiB in a worker or benchmark process that has exited")


if __name__ == "__main__":
    main()
