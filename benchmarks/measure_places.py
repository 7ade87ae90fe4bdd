"""Count at which step the first error of real solutions is, for `augment --places real`.

    python benchmarks/measure_places.py ../shared/data > lemma/data/places/real.json

Only problems in the open part of the labeled solutions are counted. Lines at the end that only say the answer are no
steps.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from pathlib import Path

from labeled_solutions import read_solutions, split, worked_steps


def main() -> None:
    """Print the counts as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with the labeled solutions")
    opened, _ = split(read_solutions(parser.parse_args().data))
    places: dict[int, Counter[int]] = defaultdict(Counter)
    sources: Counter[str] = Counter()
    for one in opened:
        steps = len(worked_steps(one.steps))
        if one.first_wrong is not None and one.first_wrong < steps:
            places[steps][one.first_wrong] += 1
            sources[one.source.split()[0]] += 1
    rows = [f'    "{steps}": {[places[steps][step] for step in range(steps)]}' for steps in sorted(places)]
    source = ", ".join(f"{name} ({count})" for name, count in sorted(sources.items()))
    note = f"first wrong steps of {sources.total()} real solutions, marked by people, by number of steps"
    print(f'{{\n  "source": {json.dumps(source)},\n  "note": {json.dumps(note)},\n  "places": {{')
    print(",\n".join(rows) + "\n  }\n}")


if __name__ == "__main__":
    main()
