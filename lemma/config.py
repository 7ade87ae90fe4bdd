"""One declaration per stage: it gives the command its flags, the pipeline file its keys, and both their help.

    >>> AugmentConfig.from_mapping({"types": "calc", "per_problem": 4}).per_problem
    4

A field's name is the YAML key; with dashes it is the flag. An unknown key is a `ConfigError` that names the nearest.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from lemma.exceptions import ConfigError
from lemma.records import Strategy

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def _split_names(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _split_pairs(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    pairs = [part.partition("=") for part in value.split(",") if part.strip()]
    if not all(equals for _, equals, _ in pairs):
        raise ValueError("expected NAME=VALUE pairs, separated by commas")
    return {name.strip(): text.strip() for name, _, text in pairs}


Names = Annotated[tuple[str, ...], BeforeValidator(_split_names)]
Strategies = Annotated[tuple[Strategy, ...], BeforeValidator(_split_names), Field(min_length=1)]
Pairs = Annotated[dict[str, str], BeforeValidator(_split_pairs)]
Shares = Annotated[dict[str, float], BeforeValidator(_split_pairs)]


def _field_name(cls: type[BaseModel], key: str) -> str:
    """The field of a key: `from`, a word of Python's own, is the field `from_`."""
    return f"{key}_" if f"{key}_" in cls.model_fields else key


class CommandConfig(BaseModel):
    """What a command can be asked. Subclasses add their fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    command: ClassVar[str]
    example: ClassVar[str]

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], where: str = "") -> Self:
        """Build a config from flags or YAML. Raises ConfigError with the field, the value and what was expected."""
        prefix = f"{where}: " if where else ""
        values = {_field_name(cls, key): value for key, value in values.items()}
        for key in values:
            if key not in cls.model_fields:
                near = difflib.get_close_matches(key, cls.model_fields, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(sorted(cls.model_fields))}"
                raise ConfigError(f"{prefix}{cls.command} has no option {key!r}{hint}")
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            message = first["msg"].removeprefix("Value error, ")
            raise ConfigError(f"{prefix}{name} = {first['input']!r} can't be used: {message}") from None


class StageConfig(CommandConfig):
    """What every command that works in a run directory can be asked.

    Fields marked `setting=False` change how a stage runs but not one byte of what it makes; the others are compared
    with those of the run directory before anything is appended to it.
    """

    run: Path = Field(Path("lemma-run"), description="run directory", json_schema_extra={"setting": False})
    seed: int = Field(0, description="the same seed and input give the same bytes")
    workers: int = Field(CORES, ge=1, description="processes to use", json_schema_extra={"setting": False})
    fresh: bool = Field(
        False, description="discard what this stage made before and start over", json_schema_extra={"setting": False}
    )

    def settings(self) -> dict[str, Any]:
        """The fields that decide the bytes of the output, as plain JSON."""
        plain = self.model_dump(mode="json")
        return {name: plain[name] for name, field in type(self).model_fields.items() if _is_setting(field)}


def _is_setting(field: Any) -> bool:
    return not (isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("setting") is False)


def _not_a_setting(default: Any, description: str, **limits: Any) -> Any:
    return Field(default, description=description, json_schema_extra={"setting": False}, **limits)


class EndpointConfig(StageConfig):
    """A stage that asks a language model: where it is, and how much of it to use."""

    base_url: str = _not_a_setting("https://api.openai.com/v1", "address of an OpenAI-compatible server")
    backend: str = _not_a_setting("openai_compatible", "openai_compatible, vllm (in process) or scripted (a YAML file)")
    key_variable: str = _not_a_setting("OPENAI_API_KEY", "environment variable that holds the key")
    max_in_flight: int = _not_a_setting(64, "calls under way at once", ge=1)
    requests_per_minute: int | None = _not_a_setting(None, "calls a minute at most", ge=1)
    tokens_per_minute: int | None = _not_a_setting(None, "tokens a minute at most", ge=1)
    timeout: float = _not_a_setting(300, "seconds for one attempt", gt=0)
    deadline: float = _not_a_setting(1200, "seconds for a call with all its attempts", gt=0)
    give_up_after: float = _not_a_setting(120, "stop when nothing was answered for so many seconds", gt=0)
    prices: Path | None = _not_a_setting(None, "YAML file, MODEL: {input: USD, output: USD} a million tokens")
    budget_tokens: int | None = _not_a_setting(None, "stop before this stage has used more tokens", gt=0)
    budget_usd: float | None = _not_a_setting(None, "stop before this stage has cost more; needs --prices", gt=0)
    dry_run: bool = _not_a_setting(False, "count the calls and tokens, ask nothing")
    batch: bool = _not_a_setting(False, "ask through a batch API or vllm run-batch; the same command picks results up")
    temperature: float = Field(0.7, ge=0, description="sampling temperature of the model")
    top_p: float = Field(1.0, gt=0, le=1, description="nucleus sampling")
    max_tokens: int = Field(1024, ge=1, description="tokens of an answer at most")


class SampleConfig(EndpointConfig):
    """Let a model, the student, solve problems, and grade what it writes."""

    command: ClassVar[str] = "sample"
    example: ClassVar[str] = (
        "lemma sample gsm8k.jsonl --model Qwen/Qwen2.5-1.5B --base-url http://localhost:8000/v1 -n 4"
    )

    data: str | None = Field(
        None,
        description="problems, as for augment; default: the bundled sample",
        json_schema_extra={"positional": True},
    )
    split: str = Field("train", description="split of a Hugging Face data set")
    columns: Pairs = Field(default_factory=dict, description="columns of the data, as question=NAME,answer=NAME")
    model: str | None = Field(None, description="the student, by the server's name; default: a scripted one")
    n: int = Field(4, ge=1, description="solutions of each problem")
    prompt: Literal["chat", "completion", "lemma"] = Field(
        "chat", description="as a chat, as examples to go on with, or as arXiv 2503.17439 evaluates"
    )
    from_: str | None = Field(
        None, description="read solutions that somebody has already: a data file with solutions in its rows"
    )


class AnalyzeConfig(EndpointConfig):
    """Find the type and the first wrong step of the student's wrong solutions, and how often each type comes."""

    command: ClassVar[str] = "analyze"
    example: ClassVar[str] = "lemma analyze --teacher gpt-4o"

    teacher: str | None = Field(None, description="model that judges; default: none, the reference's graph decides")
    taxonomy: Path | None = Field(None, description="folder with error types of your own (*.yaml)")


class GenerateConfig(StageConfig):
    """Make problems that a small model can learn: word problems over a random dependency graph."""

    command: ClassVar[str] = "generate"
    example: ClassVar[str] = "lemma generate -n 100000 --operations 2-5"

    n: int = Field(1000, ge=1, description="problems to make; the first ones are the same whatever n is")
    operations: str = Field("2-5", description="operations that the answer needs, one a step: a number or a range")
    largest: int = Field(20, ge=20, le=1000, description="the largest number that may come up")
    modulus: int | None = Field(
        None, ge=5, le=97, description="work modulo this number, as iGSM does (arXiv 2407.20311); best a small prime"
    )
    distractors: int = Field(1, ge=0, le=8, description="facts that the answer does not need, at most")
    shuffled: bool = Field(True, description="tell the facts in random order, not in that of the solution")


class AugmentConfig(EndpointConfig):
    """Inject typed errors into correct solutions."""

    command: ClassVar[str] = "augment"
    example: ClassVar[str] = "lemma augment gsm8k.jsonl --types calc,logic --per-problem 4"

    data: str | None = Field(
        None,
        description="a .jsonl, .json, .csv or .parquet file, or a Hugging Face id; default: the bundled sample",
        json_schema_extra={"positional": True},
    )
    split: str = Field("train", description="split of a Hugging Face data set")
    columns: Pairs = Field(
        default_factory=dict, description="columns of the data, as question=NAME,solution=NAME,answer=NAME"
    )
    types: Names = Field(("all",), description="error types and families (calc, logic, reading, output, all)")
    per_problem: int = Field(4, ge=1, description="erroneous solutions to make of each problem, where possible")
    distribution: str | None = Field(
        None, description="weights of the types: a JSON file, or a shipped one such as lemma-llama3-gsm8k"
    )
    taxonomy: Path | None = Field(None, description="folder with error types of your own (*.yaml)")
    teacher: str | None = Field(
        None, description="model that plays the careless student; default: none, symbolic errors"
    )
    audit: str | None = Field(
        None, description="model that looks at the teacher's errors blindly, or none; default: the teacher itself"
    )
    student_share: float = Field(
        0.0, ge=0, lt=1, description="share of the teacher's errors to leave out in favour of the student's own"
    )
    keep_annotations: bool = Field(False, description="keep GSM8K's <<...>> annotations in the steps that come out")


class CorrectConfig(EndpointConfig):
    """Make right solutions for the erroneous ones: repaired from the wrong step on, or from the start."""

    command: ClassVar[str] = "correct"
    example: ClassVar[str] = "lemma correct --strategies fix,restart"

    strategies: Strategies = Field(
        ("fix", "restart"), description="fix (repair the step, go on), restart (from the start)"
    )
    teacher: str | None = Field(None, description="model that corrects; default: none, the reference solution does")


class SmoothConfig(EndpointConfig):
    """Let a teacher rewrite the turn from wrong to right, so that it reads smoothly; verified again."""

    command: ClassVar[str] = "smooth"
    example: ClassVar[str] = "lemma smooth --teacher gpt-4o"

    strategies: Strategies = Field(("fix", "restart"), description="which corrections to join and rewrite")
    reflections: Literal["typed", "random"] = Field(
        "typed", description="how the phrase at the turn is chosen that the teacher starts from"
    )
    teacher: str | None = Field(None, description="model that rewrites; default: none, and build-sft joins by phrases")
    taxonomy: Path | None = Field(None, description="folder with error types of your own (*.yaml)")


class BuildSftConfig(StageConfig):
    """Join wrong, reflection and right into training records."""

    command: ClassVar[str] = "build-sft"
    example: ClassVar[str] = "lemma build-sft --records lemma,dpo --mix cot=0.3 --exclude gsm8k_test.jsonl"

    records: Names = Field(("lemma",), description="record kinds: lemma, lema, cot, dpo, prm, critique")
    shape: Literal["prompt-completion", "messages", "alpaca", "sharegpt"] = Field(
        "prompt-completion", description="shape of the chat-like records"
    )
    strategies: Strategies = Field(("fix", "restart"), description="which corrections to join")
    reflections: Literal["typed", "random", "model"] = Field(
        "typed", description="how the phrase at the turn is chosen; model: by the likelihood that --model gives it"
    )
    model: str | None = Field(None, description="model to be trained: folder, Hugging Face id, or name at --base-url")
    temperature: float = Field(
        0.3, ge=0, description="of the draw by likelihood; 0 takes the likeliest phrase of each turn"
    )
    score_correction: bool = Field(False, description="choose by the likelihood of the correction after the phrase too")
    base_url: str = _not_a_setting("http://localhost:8000/v1", "address of a server that echoes log-probabilities")
    backend: str = _not_a_setting("auto", "transformers, openai_compatible, vllm; auto: a server where --base-url is")
    smoothed: bool = Field(
        True, description="where `lemma smooth` rewrote a trajectory, take that one, and no phrase of --reflections"
    )
    truncate: Literal["first-error", "none"] = Field(
        "first-error", description="restart after the first wrong step, or after the whole wrong solution"
    )
    mix: Shares = Field(
        default_factory=dict,
        description="share of plain right solutions in lemma and lema records, as cot=0.3; few of them come repeatedly",
    )
    exclude: Names = Field((), description="test sets; what has 8 words in a row of one of their questions is removed")
    near_duplicates: float = Field(
        0.9,
        gt=0,
        le=1,
        description="remove errors with the numbers of an earlier one and words this similar (1: the same words)",
    )
    taxonomy: Path | None = Field(None, description="folder with error types of your own (*.yaml)")
    push_to_hub: str | None = Field(
        None,
        description="then upload the records and their card to this Hugging Face data set, OWNER/NAME",
        json_schema_extra={"setting": False},
    )


class EvolveConfig(EndpointConfig):
    """Let a teacher write new problems like those that the student got wrong."""

    command: ClassVar[str] = "evolve"
    example: ClassVar[str] = "lemma evolve --teacher gpt-4o --exclude gsm8k_test.jsonl"

    teacher: str | None = Field(None, description="model that writes and solves the new problems")
    per_problem: int = Field(1, ge=1, description="new problems to ask for, for each that was corrected")
    exclude: Names = Field(
        (), description="test sets; a new question like one of theirs is dropped, also with other numbers and names"
    )


class RunConfig(StageConfig):
    """Run the stages of a pipeline in order."""

    command: ClassVar[str] = "run"
    example: ClassVar[str] = "lemma run lemma --set model=student,teacher=gpt-4o,data=gsm8k.jsonl"

    pipeline: str = Field(
        "offline",
        description="a YAML file, or a shipped pipeline: offline, lemma, lema",
        json_schema_extra={"positional": True},
    )
    set: Pairs = Field(default_factory=dict, description="options for every stage that has them, as teacher=gpt-4o,n=8")


class TaxonomyConfig(CommandConfig):
    """Show the error types there are, or one of them in full."""

    command: ClassVar[str] = "taxonomy"
    example: ClassVar[str] = "lemma taxonomy calculation_error"

    type: str | None = Field(None, description="one type: id, name or alias", json_schema_extra={"positional": True})
    taxonomy: Path | None = Field(None, description="folder with error types of your own (*.yaml)")


class ShowConfig(StageConfig):
    """Show one erroneous solution, and the trajectories made of it."""

    command: ClassVar[str] = "show"
    example: ClassVar[str] = "lemma show --type calculation_error --random"

    id: str | None = Field(
        None, description="its id, or how that begins; default: the first", json_schema_extra={"positional": True}
    )
    type: str | None = Field(None, description="one of this error type: id, name or alias")
    random: bool = Field(False, description="any one, another each time")
    taxonomy: Path | None = Field(None, description="folder with error types of your own (*.yaml)")


class ReportConfig(StageConfig):
    """Make one HTML page of all that is in the run directory: figures, and samples to look at."""

    command: ClassVar[str] = "report"
    example: ClassVar[str] = "lemma report --samples 300"

    output: Path | None = Field(None, description="the page; default: report.html in the run directory")
    samples: int = Field(600, ge=1, description="erroneous solutions to show, equally many of each kind")


class VerifyConfig(CommandConfig):
    """Tell whether an answer is right: equal, different, or unknown where it could not be checked."""

    command: ClassVar[str] = "verify"
    example: ClassVar[str] = "lemma verify --gold 1/2 --answer 0.5"

    gold: str | None = Field(None, description="the right answer; --gold=-1 if it begins with a dash")
    answer: str | None = Field(None, description="a bare answer, or a whole solution that ends in one")


class TrainConfig(StageConfig):
    """Train a model on the records, with a loss that knows which part of the text is the mistake.

    A field that is None is given by the preset; `lemma.training.presets.with_preset` fills it in.
    """

    command: ClassVar[str] = "train"
    example: ClassVar[str] = "lemma train --model Qwen/Qwen2.5-1.5B --lora --mask error"

    model: str | None = Field(
        None, description="folder or Hugging Face id of a causal model; default: a model of one million parameters"
    )
    preset: str | None = Field(None, description="lemma, lema, lora, dpo, tiny, or a YAML file; default: what fits")
    objective: Literal["sft", "dpo", "prm"] = Field("sft", description="training objective")
    records: Names = Field((), description="record kinds to train on; default: all built ones that fit the objective")
    output: Path | None = Field(None, description="folder for the model; default: model in the run directory")
    resume: bool = Field(
        False,
        description="fail if there is no checkpoint to resume from (resuming is automatic when there is one)",
        json_schema_extra={"setting": False},
    )
    merge: bool = Field(False, description="after LoRA or QLoRA, also write the merged model beside the adapter")
    mask: Literal["none", "error", "prefix+error"] = Field("none", description="parts to leave out of the loss")
    error_weight: float | None = Field(None, ge=0, le=1, description="weight of the wrong step in the loss, 0 to 1")
    lora: bool | None = Field(None, description="train low-rank adapters")
    qlora: bool | None = Field(None, description="train low-rank adapters on a base model in 4 bits")
    lora_r: int | None = Field(None, ge=1, description="rank of the adapters")
    lora_alpha: int | None = Field(None, ge=1, description="scale of the adapters")
    lora_dropout: float | None = Field(None, ge=0, lt=1, description="dropout of the adapters")
    lora_targets: Names = Field(("all-linear",), description="modules that get adapters")
    learning_rate: float | None = Field(None, gt=0, description="peak learning rate")
    schedule: Literal["cosine", "linear", "constant", "constant_with_warmup"] | None = Field(
        None, description="learning rate schedule"
    )
    warmup: float | None = Field(None, ge=0, lt=1, description="fraction of the steps used for warm-up")
    epochs: float | None = Field(None, gt=0, description="passes over the records")
    max_steps: int | None = Field(None, ge=1, description="maximum number of steps, if the epochs have more")
    max_length: int | None = Field(
        None, ge=8, description="maximum tokens per record; longer records are cut or dropped"
    )
    effective_batch: int | None = Field(None, ge=1, description="records per step, over all devices")
    device_batch: int | None = Field(
        None, ge=1, description="records on one device at a time", json_schema_extra={"setting": False}
    )
    optimizer: str | None = Field(None, description="optimizer, by its name in transformers")
    weight_decay: float | None = Field(None, ge=0, description="weight decay")
    max_grad_norm: float | None = Field(None, gt=0, description="norm to which gradients are clipped")
    precision: Literal["auto", "bf16", "fp32"] | None = Field(
        None, description="auto: bf16 if the hardware supports it"
    )
    packing: bool | None = Field(None, description="several records per row, none of which attends to another")
    group_by_length: bool = Field(False, description="batches of records of similar length (sft)")
    activation_checkpointing: bool | None = Field(
        None, description="use less memory and more time", json_schema_extra={"setting": False}
    )
    beta: float = Field(0.1, gt=0, description="DPO: how close the model stays to its starting point")
    eval_share: float | None = Field(None, ge=0, lt=1, description="fraction of the problems to hold out for the loss")
    evaluations: int = Field(5, ge=1, description="number of times to measure the held-out loss during training")
    save_every: int = Field(100, ge=1, description="steps between checkpoints", json_schema_extra={"setting": False})
    report_to: Names = Field((), description="tensorboard, wandb, ...", json_schema_extra={"setting": False})


class EvalConfig(EndpointConfig):
    """Measure whether a model corrects itself, and at what price."""

    command: ClassVar[str] = "eval"
    example: ClassVar[str] = "lemma eval gsm8k_test.jsonl --model lemma-run/model --suite accuracy,recovery"

    data: str | None = Field(
        None,
        description="problems of a test set, as for augment; default: the bundled sample",
        json_schema_extra={"positional": True},
    )
    split: str = Field("test", description="split of a Hugging Face data set")
    columns: Pairs = Field(default_factory=dict, description="columns of the data, as question=NAME,answer=NAME")
    model: str | None = Field(
        None,
        description="folder, adapter, Hugging Face id, or name at --base-url; default: what was trained in this run",
    )
    backend: str = _not_a_setting("auto", "transformers, openai_compatible, vllm, scripted; auto: by model and address")
    name: str | None = _not_a_setting(None, "name of this evaluation; default: that of the model or file")
    suite: Names = Field(("all",), description="accuracy, self-correction, recovery, blind-spot, first-error, all")
    prompt: str = Field(
        "question", description="question (alone, in the chat template), chat, completion, lemma, or a .jinja file"
    )
    n: int = Field(4, ge=0, description="samples of each problem, besides the greedy output")
    types: Names = Field(("all",), description="error types and families to inject")
    errors: int = Field(2, ge=0, description="wrong prefixes of each kind to recover from, a problem")
    limit: int | None = Field(None, ge=1, description="only the first so many problems")
    from_: str | None = Field(
        None, description="grade outputs that are there already: JSONL with question or id, and output"
    )
    compare: tuple[str, str] | None = Field(
        None, description="compare two evaluations, by name or folder", json_schema_extra={"setting": False, "nargs": 2}
    )
