"""Run the property tests on newly drawn examples, again and again, until a time is over or one fails.

python tests/fuzz.py --minutes 5
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Exit status: 0 if nothing failed, else pytest's."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5, help="how long to draw (default: 5)")
    parser.add_argument("tests", nargs="*", default=["tests"], help="files or tests (default: all property tests)")
    asked = parser.parse_args()
    end = time.monotonic() + 60 * asked.minutes
    rounds = 0
    while (left := end - time.monotonic()) > 0:
        seed = random.SystemRandom().randrange(2**32)
        drawn = ["--hypothesis-profile=fuzz", f"--hypothesis-seed={seed}"]
        command = [sys.executable, "-m", "pytest", "-x", "-rf", "-m", "hypothesis", *drawn]
        print(f"round {rounds + 1}, seed {seed}, {left:.0f} seconds left", flush=True)  # noqa: T201
        try:
            status = subprocess.run([*command, *asked.tests], cwd=ROOT, timeout=left, check=False).returncode
        except subprocess.TimeoutExpired:
            print("time is over; this round found nothing so far")  # noqa: T201
            break
        if status:
            again = " ".join(["python -m pytest --last-failed", *drawn])
            print(f"reproduce with:  {again}\nthen keep the input as an @example of the test")  # noqa: T201
            return status
        rounds += 1
    print(f"{rounds} whole rounds in {asked.minutes:g} minutes, nothing failed")  # noqa: T201
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
