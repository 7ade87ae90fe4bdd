"""The record kinds that `lemma build-sft` writes, one file each, and the shapes they are written in.

A kind is a module here that holds a `KIND`; its file's name is the name that `--records` takes.

    >>> list(record_kinds())
    ['cot', 'critique', 'dpo', 'lema', 'lemma', 'prm']
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from lemma.formats.kind import RecordKind


@cache
def record_kinds() -> dict[str, RecordKind]:
    """All kinds, by name."""
    modules = {found.name: import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)}
    return {name: module.KIND for name, module in sorted(modules.items()) if hasattr(module, "KIND")}
