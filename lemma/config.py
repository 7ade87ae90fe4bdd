"""The options of every command, in the order of `lemma --help`. What a command reads and writes is in `commands/`.

>>> AugmentConfig.from_mapping({"types": "calc", "per_problem": 4}).per_problem
4
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from lemma.options import (
    MODEL_OPTIONS,
    Columns,
    CommandConfig,
    Data,
    Exclude,
    Limit,
    ModelConfig,
    Names,
    Option,
    Prompts,
    Shares,
    Split,
    StageConfig,
    Strategies,
    Taxonomy,
    Teacher,
    ViewConfig,
)

REFLECTIONS = "reflections chosen by a model"

_LIMIT = "read only the first N problems"
_TAXONOMY = "folder with error types of your own (*.yaml)"
_PROMPTS = "folder with prompts, reflection phrases and examples of your own; they replace the shipped ones by name"
_SPLIT = "split of a Hugging Face data set"


class TaxonomyConfig(CommandConfig):
    """Show the error types, or one of them in full."""

    command: ClassVar[str] = "taxonomy"
    example: ClassVar[str] = "lemma taxonomy calculation_error"

    type: Annotated[str | None, Option(positional=True)] = Field(None, description="an error type: id, name or alias")
    taxonomy: Taxonomy = Field(None, description=_TAXONOMY)


class GenerateConfig(StageConfig):
    """Generate word problems that a small model can learn."""

    command: ClassVar[str] = "generate"
    example: ClassVar[str] = "lemma generate -n 100000 --operations 2-5"

    n: Annotated[int, Option(metavar="N")] = Field(
        1000, ge=1, description="number of problems; the first ones are the same for any N"
    )
    operations: Annotated[str, Option(metavar="N or N-M")] = Field("2-5", description="operations per solution")
    largest: Annotated[int, Option(metavar="N")] = Field(20, ge=20, le=1000, description="largest number in a story")
    modulus: Annotated[int | None, Option(metavar="N")] = Field(
        None, ge=5, le=97, description="compute modulo N, as in iGSM (arXiv 2407.20311); best a small prime"
    )
    distractors: Annotated[int, Option(metavar="N")] = Field(
        1, ge=0, le=8, description="maximum number of facts that the answer does not need"
    )
    shuffled: bool = Field(True, description="tell the facts in random order")


class SampleConfig(ModelConfig):
    """Let the student solve problems, and grade its solutions."""

    command: ClassVar[str] = "sample"
    example: ClassVar[str] = (
        "lemma sample gsm8k.jsonl --model Qwen/Qwen2.5-1.5B --base-url http://localhost:8000/v1 -n 4"
    )
    role: ClassVar[Literal["student", "teacher"]] = "student"
    model_options: ClassVar[tuple[str, ...]] = ("n", "prompt")

    data: Data = Field(None, description="problems, as for augment (default: the bundled sample)")
    split: Split = Field("train", description=_SPLIT)
    columns: Columns = Field(default_factory=dict, description="columns of the data, as question=NAME,answer=NAME")
    limit: Limit = Field(None, description=_LIMIT)
    model: Annotated[str | None, Option(metavar="MODEL")] = Field(
        None, description="the student: folder, Hugging Face id, or name on the server (default: a scripted one)"
    )
    n: Annotated[int, Option(metavar="N")] = Field(4, ge=1, description="solutions per problem")
    prompt: Literal["chat", "completion", "lemma"] = Field(
        "chat", description="chat, few-shot completion, or the evaluation prompt of arXiv 2503.17439"
    )
    prompts: Prompts = Field(None, description=_PROMPTS)
    from_: Annotated[str | None, Option(metavar="FILE", compared="name")] = Field(
        None, description="read existing solutions from the rows of a data file"
    )

    def without_model(self) -> str:
        """With `--from`, nothing is asked."""
        return "with --from" if self.from_ else ""

    def inert(self) -> Mapping[str, str]:
        """The scripted student, which answers if no model is given, needs no connection, limits or temperature."""
        if self.from_ is None and self.model is None:
            return {name: "without --model" for name in MODEL_OPTIONS if name not in ("backend", "dry_run")}
        return super().inert()


class AnalyzeConfig(ModelConfig):
    """Locate the first wrong step of the student's wrong solutions, and measure how often each error type occurs."""

    command: ClassVar[str] = "analyze"
    example: ClassVar[str] = "lemma analyze --teacher gpt-4o"
    model_options: ClassVar[tuple[str, ...]] = ("taxonomy", "prompts")

    teacher: Teacher = Field(None, description="model that judges (default: none, the reference's graph decides)")
    taxonomy: Taxonomy = Field(None, description=_TAXONOMY)
    prompts: Prompts = Field(None, description=_PROMPTS)

    def without_model(self) -> str:
        """Without a teacher, the graph decides."""
        return "" if self.teacher else "without --teacher"


class AugmentConfig(ModelConfig):
    """Inject typed errors into correct solutions."""

    command: ClassVar[str] = "augment"
    example: ClassVar[str] = "lemma augment gsm8k.jsonl --types calc,logic --per-problem 4"
    model_options: ClassVar[tuple[str, ...]] = ("audit", "student_share", "prompts")

    data: Data = Field(
        None, description=".jsonl, .json, .csv or .parquet file, or Hugging Face id (default: the bundled sample)"
    )
    split: Split = Field("train", description=_SPLIT)
    columns: Columns = Field(
        default_factory=dict, description="columns of the data, as question=NAME,solution=NAME,answer=NAME"
    )
    limit: Limit = Field(None, description=_LIMIT)
    types: Annotated[Names, Option(metavar="TYPE,...")] = Field(
        ("all",), description="error types and families (calc, logic, reading, output, all)"
    )
    per_problem: Annotated[int, Option(metavar="N")] = Field(
        4, ge=1, description="erroneous solutions per problem, as far as possible"
    )
    distribution: Annotated[str | None, Option(metavar="FILE or NAME", compared="input")] = Field(
        None, description="weights of the types: a JSON file, or a shipped one such as lemma-llama3-gsm8k"
    )
    taxonomy: Taxonomy = Field(None, description=_TAXONOMY)
    prompts: Prompts = Field(None, description=_PROMPTS)
    teacher: Teacher = Field(None, description="model that plays the careless student (default: none, symbolic errors)")
    audit: Annotated[str | None, Option(metavar="MODEL")] = Field(
        None, description="model that checks the teacher's errors blindly, or none (default: the teacher)"
    )
    student_share: Annotated[float, Option(metavar="SHARE")] = Field(
        0.0, ge=0, lt=1, description="share of the errors to leave to the student's own"
    )
    keep_annotations: bool = Field(False, description="keep GSM8K's <<...>> annotations in the steps")

    def without_model(self) -> str:
        """Without a teacher, errors are symbolic."""
        return "" if self.teacher else "without --teacher"

    def inert(self) -> Mapping[str, str]:
        """The teacher never writes annotations."""
        return {"keep_annotations": "with --teacher"} if self.teacher else super().inert()


class CorrectConfig(ModelConfig):
    """Write correct solutions for the erroneous ones: repair from the wrong step on, or restart."""

    command: ClassVar[str] = "correct"
    example: ClassVar[str] = "lemma correct --strategies fix,restart"
    model_options: ClassVar[tuple[str, ...]] = ("prompts",)

    strategies: Annotated[Strategies, Option(metavar="NAME,...")] = Field(
        ("fix", "restart"), description="fix (repair the step and continue), restart (from the start)"
    )
    teacher: Teacher = Field(None, description="model that corrects (default: none, the reference solution does)")
    prompts: Prompts = Field(None, description=_PROMPTS)

    def without_model(self) -> str:
        """Without a teacher, the reference corrects."""
        return "" if self.teacher else "without --teacher"


class SmoothConfig(ModelConfig):
    """Let a teacher rewrite the turn from wrong to right so that it reads smoothly; verified again."""

    command: ClassVar[str] = "smooth"
    example: ClassVar[str] = "lemma smooth --teacher gpt-4o"
    model_options: ClassVar[tuple[str, ...]] = ("strategies", "reflections", "taxonomy", "prompts")

    strategies: Annotated[Strategies, Option(metavar="NAME,...")] = Field(
        ("fix", "restart"), description="which corrections to join and rewrite"
    )
    reflections: Literal["typed", "random"] = Field(
        "typed", description="how to choose the phrase that the teacher starts from"
    )
    teacher: Teacher = Field(None, description="model that rewrites (default: none; build-sft joins by phrases)")
    taxonomy: Taxonomy = Field(None, description=_TAXONOMY)
    prompts: Prompts = Field(None, description=_PROMPTS)

    def without_model(self) -> str:
        """Without a teacher, nothing is rewritten."""
        return "" if self.teacher else "without --teacher"


class BuildSftConfig(StageConfig):
    """Join wrong, reflection and right into training records."""

    command: ClassVar[str] = "build-sft"
    example: ClassVar[str] = "lemma build-sft --records lemma,dpo --mix cot=0.3 --exclude gsm8k_test.jsonl"

    records: Annotated[Names, Option(metavar="KIND,...")] = Field(
        ("lemma",), description="record kinds: lemma, lema, cot, dpo, prm, critique"
    )
    shape: Literal["prompt-completion", "messages", "alpaca", "sharegpt"] = Field(
        "prompt-completion", description="shape of the chat-like records"
    )
    strategies: Annotated[Strategies, Option(metavar="NAME,...")] = Field(
        ("fix", "restart"), description="which corrections to join"
    )
    reflections: Literal["typed", "random", "model"] = Field(
        "typed", description="how to choose the phrase at the turn; model: by the likelihood that --model gives it"
    )
    model: Annotated[str | None, Option(metavar="MODEL", group=REFLECTIONS)] = Field(
        None, description="model to be trained: folder, Hugging Face id, or name on the server"
    )
    temperature: Annotated[float, Option(metavar="T", group=REFLECTIONS)] = Field(
        0.3, ge=0, description="temperature when choosing phrases by likelihood; 0: most likely"
    )
    score_correction: Annotated[bool, Option(group=REFLECTIONS)] = Field(
        False, description="also count the likelihood of the correction after the phrase"
    )
    base_url: Annotated[str | None, Option(setting=False, metavar="URL", group=REFLECTIONS)] = Field(
        None, description="server that echoes log-probabilities, such as vLLM"
    )
    backend: Annotated[str, Option(setting=False, metavar="NAME", group=REFLECTIONS)] = Field(
        "auto", description="transformers, openai_compatible or vllm; auto: by model and address"
    )
    key_variable: Annotated[str, Option(setting=False, metavar="NAME", group=REFLECTIONS)] = Field(
        "OPENAI_API_KEY", description="environment variable that holds the API key"
    )
    smoothed: bool = Field(True, description="use the rewrites of `lemma smooth` if there are any")
    truncate: Literal["first-error", "none"] = Field(
        "first-error", description="restart after the first wrong step, or after the whole wrong solution"
    )
    mix: Annotated[Shares, Option(metavar="cot=SHARE")] = Field(
        default_factory=dict, description="fraction of plain correct solutions in lemma and lema records"
    )
    exclude: Exclude = Field(
        (), description="test sets to decontaminate against: drops problems that share an 8-word run with a question"
    )
    near_duplicates: Annotated[float, Option(metavar="SIMILARITY")] = Field(
        0.9,
        gt=0,
        le=1,
        description="drop an error with the numbers of an earlier one and at least this word similarity (1: identical)",
    )
    taxonomy: Taxonomy = Field(None, description=_TAXONOMY)
    prompts: Prompts = Field(None, description=_PROMPTS)
    push_to_hub: Annotated[str | None, Option(setting=False, metavar="OWNER/NAME")] = Field(
        None, description="upload the records and their card to this Hugging Face data set"
    )

    def inert(self) -> Mapping[str, str]:
        """A model is asked only to choose phrases."""
        names = ("model", "temperature", "score_correction", "base_url", "backend", "key_variable")
        return {} if self.reflections == "model" else dict.fromkeys(names, "without --reflections model")


class EvolveConfig(ModelConfig):
    """Let a teacher write new problems like those that the student got wrong."""

    command: ClassVar[str] = "evolve"
    example: ClassVar[str] = "lemma evolve --teacher gpt-4o --exclude gsm8k_test.jsonl"

    teacher: Teacher = Field(None, description="model that writes and solves the new problems")
    per_problem: Annotated[int, Option(metavar="N")] = Field(1, ge=1, description="new problems per corrected problem")
    exclude: Exclude = Field(
        (), description="test sets: drops new questions like one of theirs, also with other numbers and names"
    )
    prompts: Prompts = Field(None, description=_PROMPTS)


class RunConfig(StageConfig):
    """Run the commands of a pipeline."""

    command: ClassVar[str] = "run"
    example: ClassVar[str] = "lemma run lemma --set model=student,teacher=gpt-4o,data=gsm8k.jsonl"

    pipeline: Annotated[str, Option(positional=True)] = Field(
        "offline", description="YAML file, or a shipped pipeline: offline, lemma, lema"
    )
    set: Annotated[tuple[str, ...], Option(metavar="NAME=VALUE,...", repeated=True)] = Field(
        (), description="options for every command that has them, as teacher=gpt-4o,n=8; may be repeated"
    )
    dry_run: Annotated[bool, Option(setting=False)] = Field(
        False, description="count requests, tokens and cost of all commands without sending any"
    )


class ReportConfig(ViewConfig):
    """Write one HTML page about a run directory: figures, and samples to look at."""

    command: ClassVar[str] = "report"
    example: ClassVar[str] = "lemma report --samples 300"

    output: Annotated[Path | None, Option(metavar="FILE")] = Field(
        None, description="the page (default: report.html in the run directory)"
    )
    samples: Annotated[int, Option(metavar="N")] = Field(
        600, ge=1, description="erroneous solutions to show, equally many of each kind"
    )
    seed: Annotated[int, Option(metavar="N")] = Field(0, description="random seed of the draw")


class ShowConfig(ViewConfig):
    """Show one erroneous solution and the trajectories made of it."""

    command: ClassVar[str] = "show"
    example: ClassVar[str] = "lemma show --type calculation_error --random"

    id: Annotated[str | None, Option(positional=True)] = Field(
        None, description="an id or id prefix (default: the first)"
    )
    type: Annotated[str | None, Option(metavar="TYPE")] = Field(None, description="error type: id, name or alias")
    random: bool = Field(False, description="pick one at random")
    taxonomy: Taxonomy = Field(None, description=_TAXONOMY)


class VerifyConfig(CommandConfig):
    """Grade an answer: equal, different, or unknown if it could not be checked."""

    command: ClassVar[str] = "verify"
    example: ClassVar[str] = "lemma verify 1/2 0.5"

    gold: Annotated[str | None, Option(positional=True)] = Field(
        None, description="the correct answer; write --gold=-1 if it begins with a dash"
    )
    answer: Annotated[str | None, Option(positional=True)] = Field(
        None, description="a bare answer, or a whole solution that ends in one"
    )


class TrainConfig(StageConfig):
    """Train a model on the records, with a loss that knows which part of the text is the mistake."""

    command: ClassVar[str] = "train"
    example: ClassVar[str] = "lemma train --model Qwen/Qwen2.5-1.5B --lora --mask error"

    # A field that is None is filled in from the preset (`lemma.training.presets.with_preset`).
    model: Annotated[str | None, Option(metavar="MODEL")] = Field(
        None, description="folder or Hugging Face id of a causal model (default: one of a million parameters)"
    )
    preset: Annotated[str | None, Option(metavar="NAME or FILE")] = Field(
        None, description="lemma, lema, lora, dpo, tiny, or a YAML file; default: what fits"
    )
    objective: Literal["sft", "dpo", "prm"] = Field("sft", description="training objective")
    records: Annotated[Names, Option(metavar="KIND,...")] = Field(
        (), description="record kinds to train on (default: all built ones that fit the objective)"
    )
    output: Annotated[Path | None, Option(metavar="DIR")] = Field(
        None, description="folder for the model (default: model in the run directory)"
    )
    resume: Annotated[bool, Option(setting=False)] = Field(
        False, description="fail if there is no checkpoint to resume from (resuming is automatic when there is one)"
    )
    merge: bool = Field(False, description="after LoRA or QLoRA, also write the merged model beside the adapter")
    mask: Literal["none", "error", "prefix+error"] = Field("none", description="parts to leave out of the loss")
    error_weight: Annotated[float | None, Option(metavar="WEIGHT")] = Field(
        None, ge=0, le=1, description="weight of the wrong step in the loss, 0 to 1"
    )
    lora: bool | None = Field(None, description="train low-rank adapters")
    qlora: bool | None = Field(None, description="train low-rank adapters on a base model in 4 bits")
    lora_r: Annotated[int | None, Option(metavar="N")] = Field(None, ge=1, description="rank of the adapters")
    lora_alpha: Annotated[int | None, Option(metavar="N")] = Field(None, ge=1, description="scale of the adapters")
    lora_dropout: Annotated[float | None, Option(metavar="P")] = Field(
        None, ge=0, lt=1, description="dropout of the adapters"
    )
    lora_targets: Annotated[Names, Option(metavar="NAME,...")] = Field(
        ("all-linear",), description="modules that get adapters"
    )
    learning_rate: Annotated[float | None, Option(metavar="RATE")] = Field(None, gt=0, description="peak learning rate")
    schedule: Literal["cosine", "linear", "constant", "constant_with_warmup"] | None = Field(
        None, description="learning rate schedule"
    )
    warmup: Annotated[float | None, Option(metavar="FRACTION")] = Field(
        None, ge=0, lt=1, description="fraction of the steps used for warm-up"
    )
    epochs: Annotated[float | None, Option(metavar="N")] = Field(None, gt=0, description="passes over the records")
    max_steps: Annotated[int | None, Option(metavar="N")] = Field(
        None, ge=1, description="maximum number of steps, if the epochs have more"
    )
    max_length: Annotated[int | None, Option(metavar="TOKENS")] = Field(
        None, ge=8, description="maximum tokens per record; longer records are cut or dropped"
    )
    effective_batch: Annotated[int | None, Option(metavar="N")] = Field(
        None, ge=1, description="records per step, over all devices"
    )
    device_batch: Annotated[int | None, Option(setting=False, metavar="N")] = Field(
        None, ge=1, description="records on one device at a time"
    )
    optimizer: Annotated[str | None, Option(metavar="NAME")] = Field(
        None, description="optimizer, by its name in transformers"
    )
    weight_decay: Annotated[float | None, Option(metavar="DECAY")] = Field(None, ge=0, description="weight decay")
    max_grad_norm: Annotated[float | None, Option(metavar="NORM")] = Field(
        None, gt=0, description="norm to which gradients are clipped"
    )
    precision: Literal["auto", "bf16", "fp32"] | None = Field(
        None, description="auto: bf16 if the hardware supports it"
    )
    packing: bool | None = Field(None, description="several records per row, none of which attends to another")
    group_by_length: bool = Field(False, description="batches of records of similar length (sft)")
    activation_checkpointing: Annotated[bool | None, Option(setting=False)] = Field(
        None, description="use less memory and more time"
    )
    beta: Annotated[float, Option(metavar="BETA")] = Field(
        0.1, gt=0, description="DPO: how close the model stays to its starting point"
    )
    eval_share: Annotated[float | None, Option(metavar="FRACTION")] = Field(
        None, ge=0, lt=1, description="fraction of the problems to hold out for the loss"
    )
    evaluations: Annotated[int, Option(metavar="N")] = Field(
        5, ge=1, description="number of times to measure the held-out loss during training"
    )
    save_every: Annotated[int, Option(setting=False, metavar="STEPS")] = Field(
        100, ge=1, description="steps between checkpoints"
    )
    report_to: Annotated[Names, Option(setting=False, metavar="NAME,...")] = Field(
        (), description="tensorboard, wandb, ..."
    )

    def inert(self) -> Mapping[str, str]:
        """Options of another objective, or of adapters that are not trained."""
        found = {}
        chosen = self.preset is None or "objective" in self.model_fields_set  # else the preset says it
        if chosen and self.objective != "dpo":
            found["beta"] = "without --objective dpo"
        if chosen and self.objective != "sft":
            found |= dict.fromkeys(("mask", "error_weight", "group_by_length"), "without --objective sft")
        if self.lora is False and self.qlora is False:
            names = ("lora_r", "lora_alpha", "lora_dropout", "lora_targets", "merge")
            found |= dict.fromkeys(names, "without --lora or --qlora")
        return found


class EvalConfig(ModelConfig):
    """Measure whether a model corrects itself, and what it costs in accuracy and tokens."""

    command: ClassVar[str] = "eval"
    example: ClassVar[str] = "lemma eval gsm8k_test.jsonl --model lemma-run/model --suite accuracy,recovery"
    role: ClassVar[Literal["student", "teacher"]] = "student"
    model_options: ClassVar[tuple[str, ...]] = ("prompt", "prompts", "types", "errors", "model")

    data: Data = Field(None, description="test problems, as for augment (default: the bundled sample)")
    split: Split = Field("test", description=_SPLIT)
    columns: Columns = Field(default_factory=dict, description="columns of the data, as question=NAME,answer=NAME")
    limit: Limit = Field(None, description=_LIMIT)
    model: Annotated[str | None, Option(metavar="MODEL")] = Field(
        None,
        description="folder, adapter, Hugging Face id, or name on the server (default: what was trained in this run)",
    )
    name: Annotated[str | None, Option(setting=False, metavar="NAME")] = Field(
        None, description="name of this evaluation (default: by model or file)"
    )
    suite: Annotated[Names, Option(metavar="NAME,...")] = Field(
        ("all",), description="accuracy, self-correction, recovery, blind-spot, first-error, all"
    )
    prompt: Annotated[str, Option(metavar="NAME or FILE")] = Field(
        "question", description="question (alone, in the chat template), chat, completion, lemma, or a .jinja file"
    )
    prompts: Prompts = Field(None, description=_PROMPTS)
    n: Annotated[int, Option(metavar="N")] = Field(4, ge=0, description="samples per problem, besides the greedy one")
    types: Annotated[Names, Option(metavar="TYPE,...")] = Field(
        ("all",), description="error types and families to inject"
    )
    errors: Annotated[int, Option(metavar="N")] = Field(
        2, ge=0, description="wrong prefixes of each kind to recover from, per problem"
    )
    from_: Annotated[str | None, Option(metavar="FILE", compared="name")] = Field(
        None, description="grade existing outputs: JSONL with question or id, and output"
    )
    compare: Annotated[tuple[str, str] | None, Option(setting=False, values=("A", "B"))] = Field(
        None, description="compare two evaluations, by name or folder"
    )

    def without_model(self) -> str:
        """Existing outputs are graded or compared without a model."""
        return "with --compare" if self.compare else "with --from" if self.from_ else ""


def commands() -> dict[str, type[CommandConfig]]:
    """The options of every command, by its name, in the order of `lemma --help`."""
    found = [value for value in globals().values() if isinstance(value, type) and issubclass(value, CommandConfig)]
    return {config.command: config for config in found if "command" in vars(config)}
