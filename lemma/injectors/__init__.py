"""Symbolic injectors: one file for each error type that can be made by arithmetic alone.

The file's name is the injector's name, and it holds a function `propose(graph, rng)`. A proposal is one change to a
solution and the reason why it is wrong; an injector never writes a later step. The other files are

- shared by injectors: `proposal` (what they are given and return), `reading` (a solution, read for them), `algebra`
  (formulas with letters), `naming` and `quoting` (what a problem's numbers count, and where it says so), `comparisons`
  and `conditions` (what the words say), `roles` (which number nobody takes for which), and `signals` (words that tell a
  step's place);
- parts of some: `written_arithmetic`, `written_products`, `easy_facts`, and `coefficients` of `calculation_error`,
  `cuts` and `omission` of `missing_step`, `conversion_factors` of `unit_conversion_error`, and `copying` of
  `context_value_error` and `previous_step_value_error`;
- what runs them: `symbolic` (chooses among the drafts), `drawing` (which type comes next, and where), `filling` (what
  is made only if many errors are asked for, or there are no others), `drafts` (carries a proposal through the rest of
  the solution), `proof` (checks what comes out from its text), and `sense` (refuses what contradicts itself);
- `teacher` (errors that a model writes).

The folder `formulas` makes the same types in the formulas of LaTeX solutions.

A package of its own can bring more, as entry points:

    [project.entry-points."lemma.injectors"]
    zero_error = "my_package.zero_error:propose"
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec

from lemma.exceptions import ConfigError
from lemma.injectors.proposal import Injector

ENTRY_POINTS = "lemma.injectors"


@cache
def injector(name: str) -> Injector:
    """The `propose` function of an injector: of this package, else of an installed one.

    Raises ConfigError if there is none.
    """
    found = None
    if name.isidentifier() and find_spec(f"{__name__}.{name}") is not None:
        found = getattr(import_module(f"{__name__}.{name}"), "propose", None)
    for entry in entry_points(group=ENTRY_POINTS, name=name) if found is None else ():
        found = entry.load()
    if not callable(found):
        raise ConfigError(
            f"no injector is named {name!r}: there is no `propose` in lemma/injectors/{name}.py, and no installed "
            f"package has an entry point of this name in the group {ENTRY_POINTS!r}; `lemma taxonomy` lists the types"
        )
    propose: Injector = found
    return propose
