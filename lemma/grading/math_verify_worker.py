"""The program that worker processes run: pairs of LaTeX expressions in, math-verify's opinion out, one JSON line each.

It is run by its path, in a process of its own, because math-verify can take forever and any amount of memory; whoever
started it kills it. Its own limits are the second line of defense, for a worker whose owner is gone.
"""

from __future__ import annotations

import contextlib
import json
import logging
import signal
import sys
from typing import Any, TextIO

try:
    import resource
except ImportError:  # Windows has no such limits; whoever started this process kills it after a time
    resource = None  # type: ignore[assignment]

_CPU_SECONDS = 20


def main(memory_bytes: int, requests: TextIO, replies: TextIO) -> None:
    """Answer requests until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if resource is not None:
        with contextlib.suppress(OSError, ValueError):  # macOS refuses to limit memory
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    logging.disable()
    print(json.dumps("ready" if _opinion("1", "1") == "equal" else "broken"), file=replies, flush=True)
    for line in requests:
        if resource is not None:
            used = resource.getrusage(resource.RUSAGE_SELF)
            limit = int(used.ru_utime + used.ru_stime) + _CPU_SECONDS
            resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))
        gold, answer = json.loads(line)
        print(json.dumps(_opinion(gold, answer)), file=replies, flush=True)


def _opinion(gold: str, answer: str) -> str:
    """`equal`, `different`, or `unknown` where either side cannot be parsed or the comparison fails."""
    try:
        left, right = _parse(gold), _parse(answer)
        if left is None or right is None:
            return "unknown"
        from math_verify import verify  # type: ignore[import-untyped]

        return "equal" if verify(left, right, timeout_seconds=None, raise_on_error=True) else "different"
    except (Exception, MemoryError, RecursionError):
        # Whatever goes wrong in the library means only that it has no opinion.
        return "unknown"


def _parse(latex: str) -> Any:
    from latex2sympy2_extended import (  # type: ignore[import-untyped]
        NormalizationConfig,
        latex2sympy,
        normalize_latex,
    )

    config = NormalizationConfig(
        basic_latex=True, units=False, malformed_operators=True, nits=True, boxed="none", equations=False
    )
    return latex2sympy(normalize_latex(latex, config=config))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.stdin, sys.stdout)
