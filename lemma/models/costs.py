"""What answers cost: tokens always, money if the user gave prices. Nothing is guessed.

A prices file gives dollars per million tokens, by model:

    gpt-4o-mini: {input: 0.15, output: 0.60}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from lemma.exceptions import ConfigError, ModelError
from lemma.resources import load_yaml
from lemma.rundir.responses import Spent, Usage

_MILLION = 1_000_000


class BudgetReachedError(ModelError):
    """The budget is used up. What is under way may still finish."""


class Price(BaseModel):
    """Dollars per million tokens of the prompt (`input`) and of the answer (`output`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    input: float = Field(ge=0)
    output: float = Field(ge=0)


def read_prices(path: Path) -> dict[str, Price]:
    """The prices in a file. Raises ConfigError naming what is wrong with it."""
    try:
        return TypeAdapter(dict[str, Price]).validate_python(load_yaml(path))
    except OSError as error:
        raise ConfigError(f"--prices {path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValidationError) as error:
        reason = str(error).splitlines()[-1].strip()
        raise ConfigError(f"--prices {path}: expected MODEL: {{input: USD, output: USD}} ({reason})") from None


@dataclass
class Ledger:
    """What a stage has used so far, over all its runs, held against its budget."""

    model: str
    price: Price | None
    budget_tokens: int | None = None
    budget_usd: float | None = None
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    beside: Sequence[Ledger] = ()
    """The ledgers of all models that share the budget, this one among them."""

    def __post_init__(self) -> None:
        if self.budget_usd is not None and self.price is None:
            raise ConfigError(f"--budget-usd needs the price of {self.model}; give it with --prices FILE")

    def start_from(self, spent: Spent) -> None:
        """Count what earlier runs of the stage have used."""
        self.calls = spent.calls
        self.prompt_tokens = sum(usage.prompt_tokens for usage in spent.tokens.values())
        self.completion_tokens = sum(usage.completion_tokens for usage in spent.tokens.values())

    def add(self, usage: Usage) -> None:
        """Count an answer."""
        self.calls += 1
        self.prompt_tokens += usage.prompt_tokens
        self.completion_tokens += usage.completion_tokens

    @property
    def tokens(self) -> int:
        """Tokens of prompts and answers together."""
        return self.prompt_tokens + self.completion_tokens

    @property
    def usd(self) -> float | None:
        """Dollars, or None if the price is not known."""
        if self.price is None:
            return None
        return (self.prompt_tokens * self.price.input + self.completion_tokens * self.price.output) / _MILLION

    def check(self, in_flight: int) -> None:
        """Raise BudgetReachedError when one call more, and those under way, could exceed the budget at average cost."""
        ledgers = self.beside or (self,)
        more = (in_flight + 1) / self.calls if self.calls else 0.0
        for own, spent, budget, unit, flag in (
            (self.tokens, sum(one.tokens for one in ledgers), self.budget_tokens, "tokens", "--budget-tokens"),
            (self.usd, sum(one.usd or 0.0 for one in ledgers), self.budget_usd, "USD", "--budget-usd"),
        ):
            if budget is not None and own is not None and (spent + own * more > budget or spent >= budget):
                raise BudgetReachedError(
                    f"stopped before exceeding the budget of {budget:,} {unit} ({spent:,.6g} used in {self.calls:,} "
                    f"calls); raise {flag} and rerun the command to resume"
                )

    def shown(self) -> str:
        """For people: `1,200 calls, 310,000 + 95,000 tokens, 0.104 USD`."""
        money = f", {self.usd:,.3f} USD" if self.usd is not None else ""
        return f"{self.calls:,} calls, {self.prompt_tokens:,} + {self.completion_tokens:,} tokens{money}"

    def shown_share(self, accepted: int) -> str:
        """What each accepted record has cost, for people: `; 310 tokens, 0.0001 USD for each record made`."""
        if not accepted or not self.tokens:
            return ""
        money = f", {self.usd / accepted:,.4f} USD" if self.usd is not None else ""
        return f"; {self.tokens / accepted:,.0f} tokens{money} for each record made"

    def manifest(self, accepted: int) -> dict[str, Any]:
        """For run.json, cumulative over resumes."""
        figures: Mapping[str, Any] = {
            "model": self.model,
            "calls": self.calls,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "cost_usd": self.usd,
            "tokens_per_accepted": round(self.tokens / accepted, 1) if accepted else None,
            "usd_per_accepted": round(self.usd / accepted, 6) if accepted and self.usd is not None else None,
        }
        return dict(figures)
