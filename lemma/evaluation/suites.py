"""The suites there are: what each needs to be asked, and what it reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lemma.evaluation import accuracy, blind_spot, first_error, recovery, self_correction
from lemma.evaluation.figures import Figure
from lemma.evaluation.outputs import Condition
from lemma.exceptions import ConfigError


@dataclass(frozen=True)
class Suite:
    """The conditions that a suite's outputs are made under, and its figures."""

    conditions: tuple[Condition, ...]
    figures: tuple[Figure, ...]


def all_suites(samples: int) -> dict[str, Suite]:
    """Every suite by name, for so many drawn samples a problem."""
    return {
        "accuracy": Suite(("plain",), accuracy.figures(samples)),
        "self-correction": Suite(("plain",), self_correction.FIGURES),
        "recovery": Suite(("injected", "own", "right_prefix"), recovery.FIGURES),
        "blind-spot": Suite(("injected", "user_turn"), blind_spot.FIGURES),
        "first-error": Suite(("locate", "correct"), first_error.FIGURES),
    }


def select_suites(names: Sequence[str], samples: int) -> Mapping[str, Suite]:
    """The suites of these names; `all` is every one. Raises ConfigError for an unknown name."""
    suites = all_suites(samples)
    for name in names:
        if name not in suites and name != "all":
            raise ConfigError(f"--suite {name}: there is none; there are: {', '.join(suites)}, all")
    return suites if "all" in names else {name: suites[name] for name in suites if name in names}
