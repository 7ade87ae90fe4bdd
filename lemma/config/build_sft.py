"""The options of `lemma build-sft`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from lemma.options import (
    PROMPTS_FOLDER,
    REFLECTIONS,
    TAXONOMY_FOLDER,
    Exclude,
    Names,
    Option,
    Probability,
    Prompts,
    Shares,
    StageConfig,
    Strategies,
    Taxonomy,
)


class BuildSftConfig(StageConfig):
    """Join error, reflection, and correction into training records."""

    command: ClassVar[str] = "build-sft"
    example: ClassVar[str] = "lemma build-sft --records lemma,dpo --mix cot=0.3 --exclude gsm8k_test.jsonl"

    records: Annotated[Names, Option(metavar="KIND,...")] = Field(
        ("lemma",), description="record kinds: lemma, lema, cot, dpo, prm, critique, revision, verification"
    )
    shape: Literal["prompt-completion", "messages", "alpaca", "sharegpt"] = Field(
        "prompt-completion", description="layout of the chat-style records"
    )
    strategies: Annotated[Strategies, Option(metavar="NAME,...")] = Field(
        ("fix", "restart"), description="kinds of corrections to use: fix, restart"
    )
    reflections: Literal["typed", "random", "model"] = Field(
        "typed", description="how to choose phrases: typed (by error type), random, or model (by likelihood)"
    )
    model: Annotated[str | None, Option(metavar="MODEL", group=REFLECTIONS)] = Field(
        None, description="model that will be trained: folder, Hugging Face id, or name on the server"
    )
    temperature: Annotated[float, Option(metavar="T", group=REFLECTIONS)] = Field(
        0.3, ge=0, description="temperature for choosing phrases by likelihood; 0 picks the most likely"
    )
    score_correction: Annotated[bool, Option(group=REFLECTIONS)] = Field(
        False, description="also score the likelihood of the correction after the phrase"
    )
    base_url: Annotated[str | None, Option(setting=False, metavar="URL", group=REFLECTIONS)] = Field(
        None, description="server that returns prompt log-probabilities, such as vLLM"
    )
    backend: Annotated[str, Option(setting=False, metavar="NAME", group=REFLECTIONS)] = Field(
        "auto", description="transformers, openai_compatible, or vllm; auto: chosen by model and URL"
    )
    key_variable: Annotated[str, Option(setting=False, metavar="NAME", group=REFLECTIONS)] = Field(
        "OPENAI_API_KEY", description="environment variable that holds the API key"
    )
    thoughts: Literal["drop", "keep"] = Field(
        "drop", description="keep: put error and repair into a thought, with the right solution after it"
    )
    turns: Annotated[int, Option(metavar="N")] = Field(1, ge=1, description="maximum number of errors per lemma record")
    retry_rate: Probability = Field(
        None, description="probability of each additional error; requires --turns (default: 0.5)"
    )
    verify_rate: Probability = Field(
        None, description="probability of a sentence after a lemma record's step that says if it holds (default: 0)"
    )
    recheck_rate: Probability = Field(
        None, description="probability of working a right step of a lemma record out again (default: 0)"
    )
    unsure: Annotated[float | None, Option(metavar="SHARE")] = Field(
        None,
        gt=0,
        le=1,
        description="fraction of the student's own errors to use: those --model was least sure of (default: all)",
    )
    smoothed: bool = Field(True, description="use the rewrites from `lemma smooth`")
    truncate: Literal["first-error", "none"] = Field(
        "first-error",
        description="text before a restart: through the first wrong step, or the whole wrong solution",
    )
    mix: Annotated[Shares, Option(metavar="cot=SHARE")] = Field(
        default_factory=dict, description="fraction of plain correct solutions to mix into lemma and lema records"
    )
    exclude: Exclude = Field(
        (), description="test set files; drop problems that share 8 consecutive words with a test question"
    )
    near_duplicates: Annotated[float, Option(metavar="SIMILARITY")] = Field(
        0.9,
        gt=0,
        le=1,
        description="drop errors with equal numbers if their wording is at least this similar, 0 to 1",
    )
    taxonomy: Taxonomy = Field(None, description=TAXONOMY_FOLDER)
    prompts: Prompts = Field(None, description=PROMPTS_FOLDER)
    parquet: Annotated[bool, Option(setting=False)] = Field(
        False, description="also write each file of records as Parquet, in row groups"
    )
    push_to_hub: Annotated[str | None, Option(setting=False, metavar="OWNER/NAME")] = Field(
        None, description="upload the records and a data set card to this Hugging Face data set"
    )

    def inert(self) -> Mapping[str, str]:
        """A model is asked only to choose phrases or what it was unsure of; only several errors come at a rate."""
        names = ("model", "temperature", "score_correction", "base_url", "backend", "key_variable")
        chosen = self.reflections == "model"
        found = {} if chosen else dict.fromkeys(names, "without --reflections model")
        if self.unsure is not None and not chosen:
            found = dict.fromkeys(("temperature", "score_correction"), "without --reflections model")
        return found if self.turns > 1 else {**found, "retry_rate": "without --turns"}
