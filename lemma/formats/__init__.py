"""The record kinds that `lemma build-sft` writes, and the shapes they are written in.

A kind is a file here that holds a `KIND`; the file's name is what `--records` takes.

    >>> list(record_kinds())
    ['cot', 'critique', 'dpo', 'lema', 'lemma', 'prm', 'revision', 'verification']

A package of its own can bring more, as entry points:

    [project.entry-points."lemma.records"]
    first_error = "my_package.first_error:KIND"
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from lemma.exceptions import ConfigError
from lemma.formats.kind import RecordKind

ENTRY_POINTS = "lemma.records"


@cache
def record_kinds() -> dict[str, RecordKind]:
    """All kinds by name: those of this package, then those of installed packages.

    Raises ConfigError if an installed kind cannot be loaded, or has the name of another one.
    """
    modules = {found.name: import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)}
    kinds: dict[str, RecordKind] = {
        name: module.KIND for name, module in sorted(modules.items()) if hasattr(module, "KIND")
    }
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name):
        if entry.name in kinds:
            raise ConfigError(f"{_source(entry)} has the name of another kind; uninstall it, or rename its entry point")
        try:
            kind = entry.load()
        except Exception as error:  # whatever the code of others raises when it is imported
            detail = f"({type(error).__name__}: {error}); fix that package, or uninstall it"
            raise ConfigError(f"{_source(entry)} cannot be loaded {detail}") from error
        if not isinstance(kind, RecordKind):
            raise ConfigError(f"{_source(entry)} is {type(kind).__name__}, not lemma.formats.kind.RecordKind")
        kinds[entry.name] = kind
    return kinds


def _source(entry: EntryPoint) -> str:
    """An entry point as messages name it."""
    package = entry.dist.name if entry.dist is not None else "an installed package"
    return f"record kind {entry.name!r} of {package} ({entry.value})"
