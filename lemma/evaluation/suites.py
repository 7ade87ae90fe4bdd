"""The suites: what each needs to ask, and what it reports."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lemma.evaluation import accuracy, blind_spot, first_error, recovery, self_correction
from lemma.evaluation.figures import Figure
from lemma.evaluation.outputs import Condition
from lemma.exceptions import ConfigError


@dataclass(frozen=True)
class Suite:
    """The conditions under which a suite needs outputs, and its figures."""

    conditions: tuple[Condition, ...]
    figures: tuple[Figure, ...]


def all_suites(samples: int) -> dict[str, Suite]:
    """Every suite by name, for this many drawn samples per problem."""
    return {
        "accuracy": Suite(("plain",), accuracy.figures(samples)),
        "self-correction": Suite(("plain",), self_correction.FIGURES),
        "recovery": Suite(
            (*recovery.WRONG_PREFIXES, "right_prefix", "own_right", *recovery.FORCED, *recovery.UNAIDED),
            recovery.FIGURES,
        ),
        "blind-spot": Suite(("injected", "user_turn"), blind_spot.FIGURES),
        "first-error": Suite(("locate", "correct"), first_error.FIGURES),
    }


def select_suites(names: Sequence[str], samples: int) -> Mapping[str, Suite]:
    """The suites with these names; `all` is every one. Raises ConfigError if a name is unknown."""
    suites = all_suites(samples)
    for name in names:
        if name not in suites and name != "all":
            near = difflib.get_close_matches(name, suites, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(suites)}, all"
            raise ConfigError(f"--suite {name}: no such suite; {hint}")
    return suites if "all" in names else {name: suites[name] for name in suites if name in names}


def left_out(suites: Mapping[str, Suite], rejected: Mapping[str, int]) -> Iterator[str]:
    """What a server could not do that does not continue the beginning of an answer, for people."""
    if not rejected.get("no_continuation"):
        return
    begun = {"injected", "right_prefix", *recovery.WRONG_PREFIXES, *recovery.FORCED}
    whole = [name for name, suite in suites.items() if begun.issuperset(suite.conditions)]
    partly = [name for name, suite in suites.items() if begun & {*suite.conditions} and name not in whole]
    named = [f"{name} (in part)" for name in partly]
    yield f"left out: {', '.join([*whole, *named])}; the server does not continue the beginning of an answer"
