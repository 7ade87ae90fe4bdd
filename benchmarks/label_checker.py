"""Check the labels of symbolic errors: recompute every equation that can be read, and test each rule.

    python benchmarks/label_checker.py lemma-run
    python benchmarks/label_checker.py gsm8k-run math-run --workers 2
    python benchmarks/label_checker.py math-run --half odd

Prints for each run how many records of each error type were checked, every kind of exception with up to five samples,
and the coverage: how many equations were recomputed, and how many have letters or could not be read. Records with LaTeX
are detected and read by `label_checking.latex`, all others by `label_checking.rules`. The exit status is 1 if there is
any exception. The checker sees only the records and shares no code with the injectors that made them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from label_checking.copies import copies
from label_checking.equations import read_step
from label_checking.latex.claims import plain_claims
from label_checking.latex.letter_claims import check_letter_claims
from label_checking.latex.letter_rules import LETTER_TYPES, check_letters
from label_checking.latex.rules import Report, check_latex, is_latex
from label_checking.rules import check
from pydantic import ValidationError

from lemma.exceptions import DataError, LemmaError
from lemma.records import ErroneousSolution

CHUNK_BYTES = 1 << 20
MAX_SAMPLES = 5


@dataclass
class Tally:
    """The findings for some lines of the file, small enough to send between processes."""

    checked: Counter[str] = field(default_factory=Counter)
    exceptions: Counter[str] = field(default_factory=Counter)
    coverage: Counter[str] = field(default_factory=Counter)
    faulty: int = 0
    not_symbolic: int = 0
    samples: dict[str, list[str]] = field(default_factory=dict)
    identities: list[tuple[str, bytes, bytes]] = field(default_factory=list)

    def add(self, rule: str, sample: str) -> None:
        self.exceptions[rule] += 1
        samples = self.samples.setdefault(rule, [])
        if len(samples) < MAX_SAMPLES:
            samples.append(sample)

    def merge(self, other: Tally) -> None:
        self.checked += other.checked
        self.exceptions += other.exceptions
        self.coverage += other.coverage
        self.faulty += other.faulty
        self.not_symbolic += other.not_symbolic
        for rule, samples in other.samples.items():
            self.samples[rule] = (self.samples.get(rule, []) + samples)[:MAX_SAMPLES]


def chunks(path: Path, size: int = CHUNK_BYTES) -> Iterator[tuple[Path, int, int]]:
    """Parts of a file as byte ranges of whole lines, so that no process holds more than its own."""
    start, end = 0, path.stat().st_size
    with path.open("rb") as lines:
        while start < end:
            lines.seek(start + size)
            lines.readline()
            stop = min(lines.tell(), end)
            yield path, start, stop
            start = stop


def check_chunk(chunk: tuple[Path, int, int], half: str | None = None) -> Tally:
    """Apply all rules to the records of one byte range."""
    path, start, stop = chunk
    with path.open("rb") as file:
        file.seek(start)
        return check_lines(file.read(stop - start).splitlines(), half)


def check_record(record: ErroneousSolution) -> Report:
    """Apply all rules to one record, with the reader that fits its text."""
    if is_latex(record):
        report = check_latex(record)
        return Report(report.findings, Counter({f"LaTeX, {name}": count for name, count in report.coverage.items()}))
    coverage: Counter[str] = Counter()
    at = record.located_step
    for part, steps in (
        ("reference", record.reference_steps),
        ("error step", record.steps[at : at + 1]),
        ("later steps", record.steps[at + 1 :]),
    ):
        for step in map(read_step, steps):
            coverage[f"plain, {part}: read"] += len(step.equations)
            coverage[f"plain, {part}: letters"] += len(step.other)
            coverage[f"plain, {part}: not read"] += len(step.unread)
    findings = [*check(record), *plain_claims(record), *copies(record)]
    if record.error_type in LETTER_TYPES:
        letter_findings, letter_coverage = check_letters(record)
        coverage.update({f"plain, {name}": count for name, count in letter_coverage.items()})
        # The rules for letters have followed the numbers that the rules for arithmetic can't.
        findings = [each for each in findings if not each.rule.endswith("in arithmetic that cannot be read")]
        findings += [*letter_findings, *check_letter_claims(record)[0]]
    return Report(tuple(findings), coverage)


def is_in_half(record: ErroneousSolution, half: str | None) -> bool:
    """Whether a record's problem is in this half of the data set. Its id, a hash, decides."""
    return half is None or ("even", "odd")[int(record.problem_id, 16) % 2] == half


def check_lines(lines: Iterable[bytes], half: str | None = None) -> Tally:
    """Apply all rules to some lines of `erroneous.jsonl`."""
    tally = Tally()
    for line in lines:
        if not line.strip():
            continue
        try:
            record = ErroneousSolution.model_validate_json(line)
        except ValidationError as error:
            tally.faulty += 1
            tally.add("a line is no erroneous solution", f"{error.errors()[0]['msg']}: {line[:200]!r}")
            continue
        if record.origin != "symbolic":
            tally.not_symbolic += 1
            continue
        if not is_in_half(record, half):
            continue
        tally.checked[record.error_type] += 1
        report = check_record(record)
        tally.coverage += report.coverage
        tally.faulty += bool(report.findings)
        for finding in report.findings:
            tally.add(finding.rule, f"{record.id} ({record.error_type}): {finding.detail}")
        tally.identities.append((record.id, _digest(record.id), _digest(record.problem_id, *record.steps)))
    return tally


def _digest(*parts: str) -> bytes:
    return hashlib.blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).digest()


def check_file(path: Path, workers: int, half: str | None = None) -> Tally:
    """Apply all rules to a whole file, and rule g: no id and no problem's solution text occurs twice."""
    total = Tally()
    ids: set[bytes] = set()
    texts: set[bytes] = set()
    small = path.stat().st_size <= CHUNK_BYTES
    with nullcontext() if small else get_context("spawn").Pool(workers) as pool:
        for tally in (pool.imap if pool else map)(partial(check_chunk, half=half), chunks(path)):
            total.merge(tally)
            for name, record_id, text in tally.identities:
                if record_id in ids:
                    total.add("g: an id comes twice", name)
                if text in texts:
                    total.add("g: a problem has the same steps twice", name)
                ids.add(record_id)
                texts.add(text)
    return total


def failed_injectors(run: Path) -> Iterator[str]:
    """What the injectors that failed in a run said: a bug, even if all records are right."""
    rejected = run / "rejected.jsonl"
    with rejected.open(encoding="utf-8") if rejected.is_file() else nullcontext(()) as lines:
        for row in map(json.loads, lines):
            if row["reason"] == "injector_failed":
                yield f"{row['id']}: {row['detail']}"


def report(total: Tally) -> Iterator[str]:
    """The lines to print."""
    for error_type, count in sorted(total.checked.items()):
        yield f"{count:>9,}  {error_type}"
    yield f"{total.checked.total():>9,}  checked; {total.not_symbolic:,} of another origin skipped"
    for rule, count in sorted(total.exceptions.items()):
        yield f"\n{count:,} x {rule}"
        yield from (f"    {' '.join(sample.split())[:400]}" for sample in total.samples[rule])
    yield from coverage_lines(total.coverage)
    kinds = f"{total.exceptions.total():,} exceptions of {len(total.exceptions)} kinds"
    yield f"\n{kinds}; {total.faulty:,} records at fault"


def coverage_lines(coverage: Counter[str]) -> Iterator[str]:
    """How much was recomputed and read, one line per part."""
    parts: dict[str, Counter[str]] = {}
    for name, count in coverage.items():
        part, _, how = name.partition(": ")
        parts.setdefault(part, Counter())[how] += count
    if parts:
        yield "\ncoverage (equations: recomputed / with letters / not read)"
    for part, counts in sorted(parts.items()):
        share = counts["read"] / counts.total() if counts.total() else 0.0
        others = ", ".join(f"{count:,} {how}" for how, count in sorted(counts.items()) if how != "read")
        yield f"    {part}: {counts['read']:,} of {counts.total():,} read ({share:.1%})" + (
            f"; {others}" if others else ""
        )


def erroneous_file(path: Path) -> Path:
    """The `erroneous.jsonl` of a run directory, or the file itself."""
    file = path / "erroneous.jsonl" if path.is_dir() else path
    if not file.is_file():
        raise DataError(f"{file} does not exist; `lemma augment --run {path}` makes it")
    return file


def main() -> int:
    """Check a run directory and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+", help="run directories, or their erroneous.jsonl")
    parser.add_argument("--workers", type=int, default=2, help="number of processes (default: 2)")
    parser.add_argument("--half", choices=["even", "odd"], help="check only half of the problems, split by id")
    arguments = parser.parse_args()
    is_clean = True
    for run in arguments.runs:
        try:
            total = check_file(erroneous_file(run), arguments.workers, arguments.half)
            for failure in failed_injectors(run):
                total.add("an injector failed", failure)
        except LemmaError as error:
            print(error, file=sys.stderr)
            return 2
        if len(arguments.runs) > 1:
            print(f"{run}")
        print("\n".join(report(total)))
        is_clean &= bool(total.checked) and not total.exceptions
    return 0 if is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
