"""Which types are drawn, how often, and where: from the options of `lemma augment`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lemma.config import AugmentConfig
from lemma.exceptions import ConfigError, Refusal
from lemma.injectors.symbolic import InjectionPlan
from lemma.records import Problem
from lemma.taxonomy.distributions import load_distribution
from lemma.taxonomy.error_types import load_taxonomy
from lemma.taxonomy.places import REAL, load_places


def injection_plan(
    config: AugmentConfig, into: Callable[[Problem], Sequence[Problem | Refusal]] | None = None
) -> InjectionPlan:
    """How symbolic errors are made. `into` gives the right solutions of a problem, by default its own.

    Raises ConfigError if no type is left to draw, or if places or a distribution can't be read.
    """
    return InjectionPlan(
        weights=drawn_weights(config),
        injectors={kind.id: kind.injector for kind in load_taxonomy(config.taxonomy) if kind.injector},
        per_problem=config.per_problem,
        seed=config.seed,
        keep_annotations=config.keep_annotations,
        places=load_places(config.places or REAL),
        best_effort=config.best_effort,
        into=into,
        errors_per_solution=config.errors_per_solution,
    )


def drawn_weights(config: AugmentConfig) -> dict[str, float]:
    """The weight of each type to draw. Raises ConfigError if nothing is left to draw."""
    taxonomy = load_taxonomy(config.taxonomy)
    selected = [kind.id for kind in taxonomy.select(config.types) if config.teacher or kind.injector]
    if not selected:
        raise ConfigError(
            f"--types {','.join(config.types)}: no symbolic injector makes any of these. Choose others (see `lemma "
            "taxonomy`), or give --teacher"
        )
    if config.distribution is None:
        return dict.fromkeys(sorted(selected) if config.teacher else selected, 1.0)
    weights = load_distribution(config.distribution, taxonomy)
    kinds = sorted(weights) if config.teacher else list(weights)
    drawn = {kind: weights[kind] for kind in kinds if kind in selected and weights[kind] > 0}
    if not drawn:
        wanted = "the selected types" if config.teacher else "the selected types that a symbolic injector makes"
        raise ConfigError(f"--distribution {config.distribution} gives no weight to any of {wanted}")
    return drawn
