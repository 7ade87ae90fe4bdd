"""The shapes of rows that are read without `--columns`: a file each, which holds a `SHAPE`.

    >>> shape_of({"prompt": [{"role": "user", "content": "q"}], "reward_model": {"ground_truth": "7"}}).name
    'verl'

At most one shape besides `columns` fits a row; `columns` reads what no other one fits, by the names of its columns.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from lemma.problems.parts import Row, names_of
from lemma.problems.shapes.shape import Shape


@cache
def shapes() -> dict[str, Shape]:
    """All shapes by name, the one that reads everything else last."""
    modules = {found.name: import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)}
    named = {name: module.SHAPE for name, module in sorted(modules.items()) if hasattr(module, "SHAPE")}
    return {**{name: shape for name, shape in named.items() if name != "columns"}, "columns": named["columns"]}


def shape_of(row: Row) -> Shape:
    """The shape of a row."""
    keys = names_of(row)
    return next(shape for shape in shapes().values() if shape.fits(row, keys))
