"""Turn solved math problems into training data that teaches a language model to repair its own mistakes.

The names in `__all__` are the public API; docs/api.md shows each of them with an example. Each is loaded when it is
first used, so that `import lemma` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lemma.api import correct, inject, join, locate, open_run, to_records
    from lemma.exceptions import LemmaError, Refusal
    from lemma.grading.verdict import extract_answer, verdict
    from lemma.records import Correction, ErroneousSolution, Problem, Trajectory

__version__ = "0.2.0.dev0"
__all__ = [
    "Correction",
    "ErroneousSolution",
    "LemmaError",
    "Problem",
    "Refusal",
    "Trajectory",
    "correct",
    "extract_answer",
    "inject",
    "join",
    "locate",
    "open_run",
    "to_records",
    "verdict",
]

# Where each name is defined.
_MODULES = {
    "lemma.api": ("correct", "inject", "join", "locate", "open_run", "to_records"),
    "lemma.exceptions": ("LemmaError", "Refusal"),
    "lemma.grading.verdict": ("extract_answer", "verdict"),
    "lemma.records": ("Correction", "ErroneousSolution", "Problem", "Trajectory"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load a name of the API. The next time it is an ordinary attribute."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'lemma' has no attribute {name!r}")
    value = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The API alone, without the modules of the package that happen to be loaded."""
    return [*__all__, "__version__"]
