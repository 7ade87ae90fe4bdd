"""Turn solved math problems into training data that teaches a language model to repair its own mistakes."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lemma.grading.verdict import verdict as verdict

__version__ = "0.2.0.dev0"
__all__ = ["__version__", "verdict"]


def __getattr__(name: str) -> Any:
    """`from lemma import verdict` without making `import lemma` pay for the grader."""
    if name == "verdict":
        from lemma.grading.verdict import verdict

        return verdict
    raise AttributeError(f"module 'lemma' has no attribute {name!r}")
