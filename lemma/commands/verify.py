"""`lemma verify`: one verdict, and the answer found in the text."""

from __future__ import annotations

from rich.console import Console

from lemma.config import VerifyConfig
from lemma.declaration import Command
from lemma.exceptions import ConfigError
from lemma.grading.verdict import extract_answer, verdict


def show(config: VerifyConfig, _console: Console) -> None:
    """Print the verdict on its own line, then the gold answer and the answer compared with it."""
    if config.gold is None or config.answer is None:
        missing = "--gold" if config.gold is None else "--answer"
        raise ConfigError(f"verify needs {missing}, as in: {config.example}")
    found = extract_answer(config.answer)
    output = Console(highlight=False, soft_wrap=True)
    output.print(verdict(config.gold, config.answer))
    output.print(f"gold    {config.gold}", markup=False)
    output.print(f"answer  {'(none was found)' if found is None else found}", markup=False)


COMMAND = Command(VerifyConfig, run=show)
