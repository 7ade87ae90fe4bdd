"""How far symbolic errors reach: problems that are read, that give an error, and why the others don't.

python benchmarks/reach.py math_500.jsonl --half even
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from lemma.exceptions import Refusal
from lemma.injectors.drafts import attempts
from lemma.injectors.reading import read_problem
from lemma.injectors.symbolic import InjectionPlan, erroneous_solutions
from lemma.problems.loading import open_problems
from lemma.records import Problem
from lemma.steps import split_steps
from lemma.taxonomy.error_types import load_taxonomy
from lemma.taxonomy.places import REAL, load_places

_MOST_REFUSALS = 20
_LONGEST_EXAMPLE = 90


def half_of(problem: Problem) -> str:
    """The half of a data set that a problem belongs to, by the hash of its question."""
    return ("even", "odd")[int(hashlib.sha256(problem.question.encode()).hexdigest(), 16) % 2]


def subjects(path: Path) -> dict[str, str]:
    """The subject of each question of a JSONL file that names it."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        found[str(row.get("problem") or row.get("question"))] = str(row.get("subject") or row.get("type") or "all")
    return found


class Reach:
    """What came of the problems of a data set, by subject."""

    def __init__(self, plan: InjectionPlan) -> None:
        self.plan = plan
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.types: Counter[str] = Counter()
        self.with_type: Counter[str] = Counter()
        self.refusals: dict[str, tuple[Counter[str], str]] = {}
        self.seconds: list[float] = []

    def add(self, problem: Problem, subject: str) -> None:
        """Inject errors into one problem, and note what is refused in it."""
        counts = self.counts[subject]
        counts["problems"] += 1
        started = time.process_time()
        try:
            records = erroneous_solutions(self.plan, problem).records
        except Refusal:
            records = ()
        self.seconds.append(time.process_time() - started)
        kinds = {record.error_type for record in records}
        self.types.update(record.error_type for record in records)
        self.with_type.update(kinds)
        counts["records"] += len(records)
        counts["with an error"] += bool(records)
        counts["with another than a calculation error"] += bool(kinds - {"calculation_error"})
        counts["read"] += self._note_refusals(problem)

    def _note_refusals(self, problem: Problem) -> bool:
        try:
            solution = read_problem(problem)
        except Refusal as refusal:
            self._note(problem, refusal)
            return False
        proposed = 0
        for kind, name in self.plan.injectors.items():
            for result in attempts(solution, kind, name, random.Random(0)):
                proposed += 1
                if isinstance(result, Refusal):
                    self._note(problem, result)
        if not proposed:
            self._note(problem, Refusal("nothing_to_change", split_steps(problem.solution)[-1]))
        return True

    def _note(self, problem: Problem, refusal: Refusal) -> None:
        counts, example = self.refusals.setdefault(refusal.reason, (Counter(), refusal.detail or ""))
        counts[problem.id] += 1
        if not example and refusal.detail:
            self.refusals[refusal.reason] = (counts, refusal.detail)

    def rows(self) -> Iterator[str]:
        """Markdown tables: by subject, by type, and the most frequent refusals."""
        names = ("problems", "read", "with an error", "with another than a calculation error", "records")
        yield f"| subject | {' | '.join(names)} |"
        yield "| --- " * (len(names) + 1) + "|"
        total = sum(self.counts.values(), Counter())
        for subject, counts in (*sorted(self.counts.items()), ("all", total)):
            share = [f"{counts[name]:,} ({counts[name] / counts['problems']:.0%})" for name in names[1:4]]
            yield f"| {subject} | {counts['problems']:,} | {' | '.join(share)} | {counts['records']:,} |"
        yield "\n| type | problems | records | share |\n| --- | --- | --- | --- |"
        for kind, count in self.types.most_common():
            yield f"| {kind} | {self.with_type[kind]:,} | {count:,} | {count / self.types.total():.1%} |"
        yield "\n| refused as | problems | times | example |\n| --- | --- | --- | --- |"
        ordered = sorted(self.refusals.items(), key=lambda item: -len(item[1][0]))
        for reason, (counts, example) in ordered[:_MOST_REFUSALS]:
            shown = " ".join(example.split())[:_LONGEST_EXAMPLE].replace("|", "\\|").replace("`", "'")
            yield f"| `{reason}` | {len(counts):,} | {counts.total():,} | {f'`{shown}`' if shown else ''} |"
        self.seconds.sort()
        middle, last = self.seconds[len(self.seconds) // 2], self.seconds[-1]
        yield f"\n{middle * 1000:.1f} ms per problem in the median, {last * 1000:.0f} ms at most."


def main() -> None:
    """Print what symbolic errors reach in data sets."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("data", type=Path, nargs="+", help="GSM8K or MATH as JSONL")
    parser.add_argument("--half", choices=["even", "odd"], help="only problems whose question has such a hash")
    parser.add_argument("--per-problem", type=int, default=4)
    parser.add_argument("--limit", type=int, help="problems of each data set")
    arguments = parser.parse_args()
    injectors = {kind.id: kind.injector for kind in load_taxonomy(None) if kind.injector}
    plan = InjectionPlan(
        dict.fromkeys(injectors, 1.0), injectors, arguments.per_problem, seed=0, places=load_places(REAL)
    )
    for path in arguments.data:
        reach, names = Reach(plan), subjects(path)
        problems = (one for one in open_problems(str(path), "augment") if isinstance(one, Problem))
        chosen = (one for one in problems if arguments.half in (None, half_of(one)))
        for number, problem in enumerate(chosen):
            if number == arguments.limit:
                break
            reach.add(problem, names.get(problem.question, "all"))
        print("\n".join(chain([f"\n### {path.name}\n"], reach.rows())))


if __name__ == "__main__":
    main()
