"""How a command's options are declared: a pydantic model whose fields are flags, YAML keys and help at once.

    class GreetConfig(StageConfig):
        \"""Print a greeting.\"""

        command: ClassVar[str] = "greet"
        example: ClassVar[str] = "lemma greet --loud"
        loud: Annotated[bool, Option(setting=False)] = Field(False, description="use capital letters")

A field's name is the YAML key; with dashes it is the flag. An unknown key raises ConfigError, which suggests the
nearest one.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo

from lemma.exceptions import ConfigError, did_you_mean
from lemma.records import Strategy

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


_BETWEEN_PAIRS = re.compile(r",(?=[^{,]*(?:=|,|$))")


@dataclass(frozen=True)
class Option:
    """What the command line needs to know about a field beyond its type, default and description.

    A field with `setting=False` changes how a command runs, but no byte of its output. All others must equal those of
    the run directory before anything is appended to it. `group` is the heading in `--help`, empty for a command's own
    options.
    """

    setting: bool = True
    positional: bool = False
    """May be typed without its flag."""
    values: tuple[str, ...] = ()
    """One name per value, for an option that takes several values."""
    repeated: bool = False
    """May be given more than once."""
    several: bool = False
    """May be followed by more of its kind, if it is typed without its flag."""
    metavar: str = ""
    group: str = ""
    compared: Literal["value", "name", "content", "input"] = "value"
    """How a setting is compared with that of an earlier run. A path is never compared as text: `name` by the file's
    name, which stands in the records, while its content is an input of the command; `content` by what the file or
    folder holds; `input` not at all, as the command names what it stands for among its inputs."""


def option_of(field: FieldInfo) -> Option:
    """The Option in a field's annotation, or the default one."""
    return next((found for found in field.metadata if isinstance(found, Option)), Option())


def split_names(value: Any) -> Any:
    """Split `"a, b"` into `("a", "b")`; return anything but text unchanged."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def split_pairs(value: Any) -> Any:
    """Split `"a=1,b=2"` into `{"a": "1", "b": "2"}`; return anything but text unchanged."""
    if not isinstance(value, str):
        return value
    # A template such as `question={instruction}, {input}` has commas too.
    pairs = [part.partition("=") for part in _BETWEEN_PAIRS.split(value) if part.strip()]
    if not all(equals for _, equals, _ in pairs):
        raise ValueError("expected NAME=VALUE pairs, separated by commas")
    return {name.strip(): text.strip() for name, _, text in pairs}


_FIELD_NAME = re.compile(r"\s*([A-Za-z_][\w.]*)\s*=")


def split_fields(value: Any) -> Any:
    """Read `"top_p=,reasoning_effort=low,a.b=true"` as `{"top_p": None, "reasoning_effort": "low", "a": {"b": True}}`.

    A value is JSON if it can be read as such, else text. Anything but text is returned unchanged.
    """
    if not isinstance(value, str):
        return value
    fields: dict[str, Any] = {}
    at, decoder = 0, json.JSONDecoder()
    while at < len(value):
        name = _FIELD_NAME.match(value, at)
        if name is None:
            raise ValueError("expected NAME=VALUE pairs, separated by commas")
        at = name.end()
        try:
            read, end = decoder.raw_decode(value, at)
            if value[end : end + 1] not in ("", ","):
                raise ValueError
        except ValueError:
            comma = value.find(",", at)
            end = len(value) if comma < 0 else comma
            read = value[at:end].strip() or None
        *path, last = name.group(1).split(".")
        place = fields
        for part in path:
            place = place.setdefault(part, {})
        place[last] = read
        at = end + 1
    return fields


def join_names(value: Any) -> Any:
    """Join `("a.jsonl", "b.jsonl")` into `"a.jsonl,b.jsonl"`; return anything but a list of texts unchanged."""
    several = isinstance(value, list | tuple) and bool(value) and all(isinstance(part, str) for part in value)
    return ",".join(value) if several else value


Names = Annotated[tuple[str, ...], BeforeValidator(split_names)]
Strategies = Annotated[tuple[Strategy, ...], BeforeValidator(split_names), Field(min_length=1)]
Pairs = Annotated[dict[str, str], BeforeValidator(split_pairs)]
Fields = Annotated[dict[str, Any], BeforeValidator(split_fields)]
Shares = Annotated[dict[str, float], BeforeValidator(split_pairs)]


# Options that several commands have.
Data = Annotated[str | None, BeforeValidator(join_names), Option(positional=True, several=True, compared="name")]
Configuration = Annotated[
    str | None,
    Option(metavar="NAME"),
    Field(description="configuration of a Hugging Face data set, such as main"),
]
Columns = Annotated[
    Pairs,
    Option(metavar="NAME=COLUMN,..."),
    Field(description="column name, path, or template for each field, e.g. question=NAME,answer=a.b[0]"),
]
Split = Annotated[
    str,
    Option(metavar="NAME"),
    Field(description="split to read from a data set, a folder, or a JSON file of splits"),
]
Limit = Annotated[
    int | None, Option(metavar="N"), Field(ge=1, description="read only the first N problems (default: all)")
]
NameOrFile = Annotated[str | None, Option(metavar="FILE or NAME", compared="input")]
Taxonomy = Annotated[Path | None, Option(metavar="DIR", compared="content")]
# Not a setting: what counts is the content, whose versions are among the inputs.
Prompts = Annotated[Path | None, Option(setting=False, metavar="DIR")]
From = Annotated[str | None, Option(metavar="FILE", compared="name")]
Probability = Annotated[float | None, Option(metavar="P"), Field(ge=0, le=1)]
Teacher = Annotated[str | None, Option(metavar="MODEL")]
Exclude = Annotated[Names, Option(metavar="FILE,...", compared="content")]


def check_shard(value: Any) -> Any:
    """`2/8` as it is; raises ValueError for anything else but None."""
    if value is None:
        return None
    number, _, count = str(value).strip().partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise ValueError("expected I/N, such as 2/8: the second of 8 shards, counted from 1")
    return f"{int(number)}/{int(count)}"


def check_engine(value: Any) -> Any:
    """`local`, `ray` or `ray://HOST`; raises ValueError for anything else."""
    if value in ("local", "ray") or re.fullmatch(r"ray://\S+", str(value)):
        return value
    raise ValueError("expected local, ray, or the address of a Ray cluster, such as ray://head:10001")


def flag_of(name: str) -> str:
    """The flag of a field: `-n`, `--per-problem`, and `--from` for `from_`."""
    return f"-{name}" if len(name) == 1 else "--" + name.rstrip("_").replace("_", "-")


class CommandConfig(BaseModel):
    """The options of a command. Subclasses add fields; their docstring's first line is the command's help."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    command: ClassVar[str]
    example: ClassVar[str]

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], where: str = "") -> Self:
        """Build a config from flags or YAML.

        Raises ConfigError, prefixed by `where`, if a key is unknown, a value is invalid, or an option has no effect in
        combination with the others.
        """
        prefix = f"{where}: " if where else ""
        config = cls.lenient(values, where)
        for name, reason in config.inert().items():
            if name in config.model_fields_set:
                raise ConfigError(f"{prefix}{flag_of(name)} has no effect {reason}; leave it out")
        return config

    @classmethod
    def lenient(cls, values: Mapping[str, Any], where: str = "") -> Self:
        """Like `from_mapping`, but accept options that have no effect."""
        prefix = f"{where}: " if where else ""
        # `from` is a Python keyword: its field is `from_`.
        values = {f"{key}_" if f"{key}_" in cls.model_fields else key: value for key, value in values.items()}
        for key in values:
            if key not in cls.model_fields:
                raise ConfigError(
                    f"{prefix}{cls.command} has no option {key!r}; {did_you_mean(key, sorted(cls.model_fields))}"
                )
            if "\0" in str(values[key]):
                raise ConfigError(f"{prefix}{key.rstrip('_')}: {values[key]!r} holds a NUL character; take it out")
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            # In a file, the fields that lead to it; on the command line, the flag.
            name = ".".join(str(part) for part in first["loc"]) + " =" if where else flag_of(str(first["loc"][0]))
            message = first["msg"].removeprefix("Value error, ")
            raise ConfigError(f"{prefix}{name} {first['input']!r} can't be used: {message}") from None

    def inert(self) -> Mapping[str, str]:
        """Options that have no effect in this mode, with the reason, such as `without --teacher`."""
        return {}


RUN = "run options"


class StageConfig(CommandConfig):
    """The options of a command that writes to a run directory."""

    run: Annotated[Path, Option(setting=False, group=RUN, metavar="DIR")] = Field(
        Path("lemma-run"), description="run directory"
    )
    seed: Annotated[int, Option(group=RUN, metavar="N")] = Field(
        0, description="random seed; the same seed and input give byte-identical output"
    )
    workers: Annotated[int, Option(setting=False, group=RUN, metavar="N")] = Field(
        CORES, ge=1, description="number of worker processes"
    )
    engine: Annotated[str, BeforeValidator(check_engine), Option(setting=False, group=RUN, metavar="NAME")] = Field(
        "local", description="where to compute: local, ray (this machine or its cluster), or ray://HOST:PORT"
    )
    fresh: Annotated[bool, Option(setting=False, group=RUN)] = Field(
        False, description="start over; replace this command's earlier output only when done"
    )

    def settings(self) -> dict[str, Any]:
        """The options that determine the bytes of the output, as plain JSON."""
        plain, inert = self.model_dump(mode="json"), self.inert()
        fields = type(self).model_fields
        return {name: plain[name] for name, field in fields.items() if option_of(field).setting and name not in inert}


class ShardConfig(StageConfig):
    """The options of a command that can process a part of its inputs; `lemma merge` puts the parts together."""

    shard: Annotated[str | None, BeforeValidator(check_shard), Option(group=RUN, metavar="I/N")] = Field(
        None, description="process only shard I of N of the problems, by hash of their ids; see `lemma merge`"
    )


class ViewConfig(CommandConfig):
    """The options of a command that only reads a run directory."""

    run: Annotated[Path, Option(setting=False, metavar="DIR")] = Field(Path("lemma-run"), description="run directory")


TAXONOMY_FOLDER = "folder with your own error types (*.yaml)"
PROMPTS_FOLDER = "folder with your own prompts and phrases; each file replaces the built-in one it matches"
REFLECTIONS = "reflections chosen by a model"
# Why a stored answer may be none. What is never stored, such as the error of a server, is asked for again in any case.
ASK_AGAIN_REASONS = (
    *("cut_off", "only_reasoning", "unclosed_thought", "unknown_end", "unnatural_stop", "refused", "empty_answer"),
    *("malformed_answer", "failed_answer"),
)
CONNECTION, SAMPLING, LIMITS = "model connection", "sampling", "limits and costs"


class ModelConfig(StageConfig):
    """The options of a command that asks a model: how to reach it, how to sample, and how much to spend.

    `role` says whether the model is the student or the teacher. In a pipeline, `teacher_base_url` sets `base_url` for
    the commands that ask the teacher.
    """

    role: ClassVar[Literal["student", "teacher"]] = "teacher"
    model_options: ClassVar[tuple[str, ...]] = ()
    teacher_connection: ClassVar[tuple[str, ...]] = ()
    """Options with `teacher_` in front, for a command that may ask both."""

    base_url: Annotated[
        str | None,
        BeforeValidator(join_names),
        Option(setting=False, repeated=True, group=CONNECTION, metavar="URL"),
    ] = Field(None, description="OpenAI-compatible server; repeat for several (default: https://api.openai.com/v1)")
    backend: Annotated[str, Option(setting=False, group=CONNECTION, metavar="NAME")] = Field(
        "auto", description="openai_compatible, transformers, vllm, or scripted; auto: chosen by model and URL"
    )
    key_variable: Annotated[str, Option(setting=False, group=CONNECTION, metavar="NAME")] = Field(
        "OPENAI_API_KEY", description="environment variable that holds the API key"
    )
    batch: Annotated[bool, Option(setting=False, group=CONNECTION)] = Field(
        False, description="use a batch API or vllm run-batch; rerun to collect the results"
    )
    max_in_flight: Annotated[int | None, Option(setting=False, group=LIMITS, metavar="N")] = Field(
        None, ge=1, description="maximum concurrent requests (default: 64; 256 for a model in this process)"
    )
    requests_per_minute: Annotated[int | None, Option(setting=False, group=LIMITS, metavar="N")] = Field(
        None, ge=1, description="maximum requests per minute (default: no limit)"
    )
    tokens_per_minute: Annotated[int | None, Option(setting=False, group=LIMITS, metavar="N")] = Field(
        None, ge=1, description="maximum tokens per minute (default: no limit)"
    )
    timeout: Annotated[float, Option(setting=False, group=LIMITS, metavar="SECONDS")] = Field(
        300, gt=0, description="time limit per attempt, in seconds"
    )
    deadline: Annotated[float, Option(setting=False, group=LIMITS, metavar="SECONDS")] = Field(
        1200, gt=0, description="time limit per request, including retries, in seconds"
    )
    give_up_after: Annotated[float, Option(setting=False, group=LIMITS, metavar="SECONDS")] = Field(
        120, gt=0, description="stop after this many seconds without a successful response"
    )
    prices: Annotated[Path | None, Option(setting=False, group=LIMITS, metavar="FILE")] = Field(
        None, description="YAML file of prices per million tokens, as MODEL: {input: USD, output: USD}"
    )
    budget_tokens: Annotated[int | None, Option(setting=False, group=LIMITS, metavar="N")] = Field(
        None, gt=0, description="token budget for this command (default: no limit)"
    )
    budget_usd: Annotated[float | None, Option(setting=False, group=LIMITS, metavar="USD")] = Field(
        None, gt=0, description="USD budget for this command; requires --prices (default: no limit)"
    )
    dry_run: Annotated[bool, Option(setting=False, group=LIMITS)] = Field(
        False, description="estimate requests, tokens, and cost without sending anything"
    )
    temperature: Annotated[float, Option(group=SAMPLING, metavar="T")] = Field(
        0.7, ge=0, description="sampling temperature"
    )
    top_p: Annotated[float, Option(group=SAMPLING, metavar="P")] = Field(
        1.0, gt=0, le=1, description="nucleus sampling threshold"
    )
    max_tokens: Annotated[int, Option(group=SAMPLING, metavar="N")] = Field(
        1024, ge=1, description="maximum tokens per response"
    )

    @classmethod
    def role_with(cls, values: Mapping[str, Any]) -> Literal["student", "teacher"]:
        """The role that the options without `student_` or `teacher_` belong to, with these other options."""
        return cls.role

    request: Annotated[Fields, Option(group=SAMPLING, metavar="NAME=VALUE,...")] = Field(
        default_factory=dict, description="add a field to each request, rename it (NAME=@NEW), or drop it (NAME=)"
    )
    ask_again: Annotated[Names, Option(setting=False, group=SAMPLING, metavar="REASON,...")] = Field(
        (), description="start over, asking again where a stored answer was rejected as, e.g., cut_off"
    )

    @model_validator(mode="before")
    @classmethod
    def _starts_over(cls, values: Any) -> Any:
        """What is asked again is graded again, so the command starts over; everything else comes from the store."""
        return {**values, "fresh": True} if isinstance(values, dict) and values.get("ask_again") else values

    @field_validator("ask_again")
    @classmethod
    def _are_reasons(cls, reasons: tuple[str, ...]) -> tuple[str, ...]:
        for reason in reasons:
            if reason not in ASK_AGAIN_REASONS:
                raise ValueError(f"{reason!r} is no reason; give one of {', '.join(ASK_AGAIN_REASONS)}")
        return reasons

    @property
    def judging_temperature(self) -> float:
        """For questions that have one best answer: none, unless one was given."""
        return self.temperature if "temperature" in self.model_fields_set else 0.0

    def asked(self) -> str | None:
        """The model to ask, if the user named one."""
        named: str | None = getattr(self, "teacher" if self.role == "teacher" else "model", None)
        return named

    def without_model(self) -> str:
        """Why this mode asks no model, such as `without --teacher`; empty if it asks one."""
        return ""

    def inert(self) -> Mapping[str, str]:
        """Without a model, every option that concerns one."""
        reason = self.without_model()
        return dict.fromkeys((*MODEL_OPTIONS, *self.model_options), reason) if reason else {}


MODEL_OPTIONS = tuple(name for name in ModelConfig.model_fields if name not in StageConfig.model_fields)
