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
    Configuration,
    Data,
    Exclude,
    From,
    Limit,
    LocatingConfig,
    ModelConfig,
    NameOrFile,
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

_TAXONOMY = "folder with your own error types (*.yaml)"
_PROMPTS = "folder with your own prompts and phrases; a file replaces the shipped one of its name"


class TaxonomyConfig(ModelConfig):
    """List the error types, show one of them in full, or have a teacher propose new ones."""

    command: ClassVar[str] = "taxonomy"
    example: ClassVar[str] = "lemma taxonomy calculation_error"

    type: Annotated[str | None, Option(positional=True)] = Field(None, description="error type: id, name, or alias")
    taxonomy: Taxonomy = Field(None, description=_TAXONOMY)
    grow: bool = Field(False, description="propose types for the errors of this run whose type is unknown")
    teacher: Teacher = Field(None, description="model that describes and groups the errors, with --grow")
    prompts: Prompts = Field(None, description=_PROMPTS)

    def inert(self) -> Mapping[str, str]:
        """The table needs no run directory and no model."""
        if self.grow:
            return {"type": "with --grow"}
        return dict.fromkeys(type(self).model_fields.keys() - {"type", "taxonomy", "grow"}, "without --grow")


class GenerateConfig(StageConfig):
    """Generate word problems that a small model can learn."""

    command: ClassVar[str] = "generate"
    example: ClassVar[str] = "lemma generate -n 100000 --operations 2-5"

    n: Annotated[int, Option(metavar="N")] = Field(
        1000, ge=1, description="number of problems; a larger N only appends to a smaller one"
    )
    operations: Annotated[str, Option(metavar="N or N-M")] = Field("2-5", description="operations per solution")
    largest: Annotated[int, Option(metavar="N")] = Field(20, ge=20, le=1000, description="largest number in a story")
    modulus: Annotated[int | None, Option(metavar="N")] = Field(
        None, ge=5, le=97, description="compute modulo N, as in iGSM (arXiv 2407.20311); a small prime is best"
    )
    distractors: Annotated[int, Option(metavar="N")] = Field(
        1, ge=0, le=8, description="maximum number of facts that the answer does not depend on"
    )
    shuffled: bool = Field(True, description="shuffle the order of the facts")


class SampleConfig(ModelConfig):
    """Sample solutions from the student model and grade them."""

    command: ClassVar[str] = "sample"
    example: ClassVar[str] = (
        "lemma sample gsm8k.jsonl --model Qwen/Qwen2.5-1.5B --base-url http://localhost:8000/v1 -n 4"
    )
    role: ClassVar[Literal["student", "teacher"]] = "student"
    model_options: ClassVar[tuple[str, ...]] = ("n", "prompt")

    data: Data = Field(None, description="problems, as for `lemma augment` (default: the bundled sample)")
    split: Split = "train"
    config: Configuration = None
    columns: Columns = Field(default_factory=dict)
    limit: Limit = None
    model: Annotated[str | None, Option(metavar="MODEL")] = Field(
        None, description="student: folder, Hugging Face id, or name on the server (default: scripted)"
    )
    n: Annotated[int, Option(metavar="N")] = Field(4, ge=1, description="solutions per problem")
    prompt: Literal["chat", "completion", "lemma"] = Field(
        "chat", description="chat, few-shot completion, or the evaluation prompt of arXiv 2503.17439"
    )
    prompts: Prompts = Field(None, description=_PROMPTS)
    from_: From = Field(None, description="read existing solutions from a data file instead of asking a model")

    def without_model(self) -> str:
        """With `--from`, nothing is asked."""
        return "with --from" if self.from_ else ""

    def inert(self) -> Mapping[str, str]:
        """The scripted student, which answers if no model is given, needs no connection, limits or temperature."""
        if self.from_ is None and self.model is None:
            return {name: "without --model" for name in MODEL_OPTIONS if name not in ("backend", "dry_run")}
        return super().inert()


class AnalyzeConfig(LocatingConfig):
    """Find the first wrong step of the student's wrong solutions, and count the error types."""

    command: ClassVar[str] = "analyze"
    example: ClassVar[str] = "lemma analyze --locate graph,rollouts --model my-student"
    model_options: ClassVar[tuple[str, ...]] = ("taxonomy", "prompts")

    from_: From = Field(None, description="labeled solutions to import, such as PRM800K, ProcessBench or MR-GSM8K")
    teacher: Teacher = Field(None, description="model that judges (default: none; the arithmetic decides)")
    taxonomy: Taxonomy = Field(None, description=_TAXONOMY)
    prompts: Prompts = Field(None, description=_PROMPTS)

    def without_model(self) -> str:
        """Without a student and a teacher, the graph decides, or labels do."""
        return "with --from" if self.from_ else super().without_model()


class AugmentConfig(ModelConfig):
    """Inject typed errors into correct solutions."""

    command: ClassVar[str] = "augment"
    example: ClassVar[str] = "lemma augment gsm8k.jsonl --types calc,logic --per-problem 4"
    model_options: ClassVar[tuple[str, ...]] = ("audit", "student_share", "prompts")

    data: Data = Field(
        None, description="files, a folder, - (stdin), or a Hugging Face id:config (default: the bundled sample)"
    )
    split: Split = "train"
    config: Configuration = None
    columns: Columns = Field(default_factory=dict)
    limit: Limit = None
    types: Annotated[Names, Option(metavar="TYPE,...")] = Field(
        ("all",), description="error types and families (calc, logic, reading, output, all)"
    )
    per_problem: Annotated[int, Option(metavar="N")] = Field(
        4, ge=1, description="maximum number of erroneous solutions per problem"
    )
    distribution: NameOrFile = Field(
        None, description="type weights: a JSON file, or a shipped one such as lemma-llama3-gsm8k"
    )
    places: NameOrFile = Field("real", description="steps of the errors: real, uniform, or a file from `lemma analyze`")
    best_effort: bool = Field(False, description="make as many errors as possible even if the asked shares are missed")
    into: Literal["references", "solutions", "both"] = Field("references", description="right solutions to change")
    taxonomy: Taxonomy = Field(None, description=_TAXONOMY)
    prompts: Prompts = Field(None, description=_PROMPTS)
    teacher: Teacher = Field(None, description="model that writes the errors (default: none; errors are symbolic)")
    audit: Annotated[str | None, Option(metavar="MODEL")] = Field(
        None, description="model that checks the teacher's errors, or none (default: the teacher)"
    )
    student_share: Annotated[float, Option(metavar="SHARE")] = Field(
        0.0, ge=0, lt=1, description="fraction of the errors to skip in favor of the student's own, 0 to 1"
    )
    keep_annotations: bool = Field(False, description="keep GSM8K's <<...>> annotations in the steps")

    def without_model(self) -> str:
        """Without a teacher, errors are symbolic."""
        return "" if self.teacher else "without --teacher"

    def inert(self) -> Mapping[str, str]:
        """The teacher never writes annotations, makes the type it is asked for, and chooses the step."""
        inert = dict.fromkeys(("best_effort", "into", "keep_annotations", "places"), "with --teacher")
        return inert if self.teacher else super().inert()


class CorrectConfig(ModelConfig):
    """Correct the erroneous solutions: fix the wrong step and continue, or restart."""

    command: ClassVar[str] = "correct"
    example: ClassVar[str] = "lemma correct --strategies fix,restart"
    model_options: ClassVar[tuple[str, ...]] = ("prompts",)

    strategies: Annotated[Strategies, Option(metavar="NAME,...")] = Field(
        ("fix", "restart"), description="fix: repair the step and continue; restart: solve it again"
    )
    teacher: Teacher = Field(None, description="model that corrects (default: none; follows the reference solution)")
    prompts: Prompts = Field(None, description=_PROMPTS)

    def without_model(self) -> str:
        """Without a teacher, the reference corrects."""
        return "" if self.teacher else "without --teacher"


class SmoothConfig(ModelConfig):
    """Have a teacher rewrite the turn from error to correction, and verify the result."""

    command: ClassVar[str] = "smooth"
    example: ClassVar[str] = "lemma smooth --teacher gpt-4o"
    model_options: ClassVar[tuple[str, ...]] = ("strategies", "reflections", "taxonomy", "prompts")

    strategies: Annotated[Strategies, Option(metavar="NAME,...")] = Field(
        ("fix", "restart"), description="which corrections to join and rewrite"
    )
    reflections: Literal["typed", "random"] = Field(
        "typed", description="how to choose the phrase that the teacher starts from"
    )
    teacher: Teacher = Field(None, description="model that rewrites (default: none; nothing is rewritten)")
    taxonomy: Taxonomy = Field(None, description=_TAXONOMY)
    prompts: Prompts = Field(None, description=_PROMPTS)

    def without_model(self) -> str:
        """Without a teacher, nothing is rewritten."""
        return "" if self.teacher else "without --teacher"


class CritiqueConfig(ModelConfig):
    """Test which critiques of wrong solutions help the student to get the answer right."""

    command: ClassVar[str] = "critique"
    example: ClassVar[str] = "lemma critique --model Qwen/Qwen2.5-1.5B --base-url http://localhost:8000/v1"
    role: ClassVar[Literal["student", "teacher"]] = "student"

    model: Annotated[str | None, Option(metavar="MODEL")] = Field(
        None, description="student: folder, Hugging Face id, or name on the server"
    )
    n: Annotated[int, Option(metavar="N")] = Field(4, ge=1, description="retries with the critique, and without it")
    prompts: Prompts = Field(None, description=_PROMPTS)


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
        ("fix", "restart"), description="which corrections to join"
    )
    reflections: Literal["typed", "random", "model"] = Field(
        "typed", description="how to choose the reflection phrase; model: by its likelihood under --model"
    )
    model: Annotated[str | None, Option(metavar="MODEL", group=REFLECTIONS)] = Field(
        None, description="model to be trained: folder, Hugging Face id, or name on the server"
    )
    temperature: Annotated[float, Option(metavar="T", group=REFLECTIONS)] = Field(
        0.3, ge=0, description="temperature for choosing phrases by likelihood; 0 takes the most likely"
    )
    score_correction: Annotated[bool, Option(group=REFLECTIONS)] = Field(
        False, description="also score the likelihood of the correction after the phrase"
    )
    base_url: Annotated[str | None, Option(setting=False, metavar="URL", group=REFLECTIONS)] = Field(
        None, description="server that returns prompt log-probabilities, such as vLLM"
    )
    backend: Annotated[str, Option(setting=False, metavar="NAME", group=REFLECTIONS)] = Field(
        "auto", description="transformers, openai_compatible, or vllm; auto decides by model and URL"
    )
    key_variable: Annotated[str, Option(setting=False, metavar="NAME", group=REFLECTIONS)] = Field(
        "OPENAI_API_KEY", description="environment variable that holds the API key"
    )
    smoothed: bool = Field(True, description="use the rewrites from `lemma smooth`")
    truncate: Literal["first-error", "none"] = Field(
        "first-error", description="where a restart follows: the first wrong step, or the whole wrong solution"
    )
    mix: Annotated[Shares, Option(metavar="cot=SHARE")] = Field(
        default_factory=dict, description="fraction of plain correct solutions to mix into lemma and lema records"
    )
    exclude: Exclude = Field((), description="test sets; drops problems that share an 8-word run with a test question")
    near_duplicates: Annotated[float, Option(metavar="SIMILARITY")] = Field(
        0.9, gt=0, le=1, description="drop errors with the same numbers if their words are this similar, 0 to 1"
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
    """Have a teacher write new problems like those that the student got wrong."""

    command: ClassVar[str] = "evolve"
    example: ClassVar[str] = "lemma evolve --teacher gpt-4o --exclude gsm8k_test.jsonl"

    teacher: Teacher = Field(None, description="model that writes and solves the new problems")
    per_problem: Annotated[int, Option(metavar="N")] = Field(1, ge=1, description="new problems per corrected problem")
    exclude: Exclude = Field((), description="test sets; drops new questions that resemble a test question")
    prompts: Prompts = Field(None, description=_PROMPTS)


class RunConfig(StageConfig):
    """Run all commands of a pipeline."""

    command: ClassVar[str] = "run"
    example: ClassVar[str] = "lemma run lemma --set data=gsm8k.jsonl,model=Qwen/Qwen2.5-1.5B,teacher=gpt-4o"

    pipeline: Annotated[str, Option(positional=True)] = Field(
        "offline", description="YAML file, or a shipped pipeline: offline, lemma, lema"
    )
    set: Annotated[tuple[str, ...], Option(metavar="NAME=VALUE,...", repeated=True)] = Field(
        (), description="options for every command that has them, e.g. teacher=gpt-4o,n=8; repeatable"
    )
    dry_run: Annotated[bool, Option(setting=False)] = Field(
        False, description="estimate requests, tokens, and cost of all commands without sending anything"
    )


class ReportConfig(ViewConfig):
    """Write an HTML report on a run directory: figures and sample records."""

    command: ClassVar[str] = "report"
    example: ClassVar[str] = "lemma report --samples 300"

    output: Annotated[Path | None, Option(metavar="FILE")] = Field(
        None, description="file to write (default: report.html in the run directory)"
    )
    samples: Annotated[int, Option(metavar="N")] = Field(
        600, ge=1, description="number of erroneous solutions to show, spread evenly over all kinds"
    )
    seed: Annotated[int, Option(metavar="N")] = Field(0, description="random seed for choosing the samples")


class ShowConfig(ViewConfig):
    """Show one erroneous solution and the trajectories built from it."""

    command: ClassVar[str] = "show"
    example: ClassVar[str] = "lemma show --type calculation_error --random"

    id: Annotated[str | None, Option(positional=True)] = Field(None, description="id or id prefix (default: the first)")
    type: Annotated[str | None, Option(metavar="TYPE")] = Field(None, description="error type: id, name, or alias")
    random: bool = Field(False, description="pick one at random")
    taxonomy: Taxonomy = Field(None, description=_TAXONOMY)


class VerifyConfig(CommandConfig):
    """Grade an answer: equal, different, or unknown if it cannot be checked."""

    command: ClassVar[str] = "verify"
    example: ClassVar[str] = "lemma verify 1/2 0.5"

    gold: Annotated[str | None, Option(positional=True)] = Field(
        None, description="correct answer; write --gold=-1 if it starts with a dash"
    )
    answer: Annotated[str | None, Option(positional=True)] = Field(
        None, description="answer alone, or a whole solution that ends in one"
    )


class TrainConfig(StageConfig):
    """Train a model on the records, with or without the mistakes in the loss.

    A preset fills in each field that is None; see `lemma.training.presets.with_preset`.
    """

    command: ClassVar[str] = "train"
    example: ClassVar[str] = "lemma train --model Qwen/Qwen2.5-1.5B --lora --mask error"

    # A field that is None is filled in from the preset (`lemma.training.presets.with_preset`).
    model: Annotated[str | None, Option(metavar="MODEL")] = Field(
        None, description="folder or Hugging Face id of a causal model (default: a new tiny one)"
    )
    preset: Annotated[str | None, Option(metavar="NAME or FILE")] = Field(
        None, description="source of the other defaults: lemma, lema, lora, dpo, practice, tiny, or a file"
    )
    objective: Literal["sft", "dpo", "prm"] = Field("sft", description="training objective")
    records: Annotated[Names, Option(metavar="KIND,...")] = Field(
        (), description="record kinds to train on (default: all that fit the objective)"
    )
    output: Annotated[Path | None, Option(metavar="DIR")] = Field(
        None, description="folder for the model (default: model in the run directory)"
    )
    resume: Annotated[bool, Option(setting=False)] = Field(
        False, description="require a checkpoint to resume from (otherwise resumes if one exists)"
    )
    merge: bool = Field(False, description="also write the merged model after LoRA or QLoRA")
    mask: Literal["none", "error", "prefix+error"] = Field("none", description="parts to leave out of the loss")
    error_weight: Annotated[float | None, Option(metavar="WEIGHT")] = Field(
        None, ge=0, le=1, description="loss weight of the wrong step, 0 to 1 (default: 1)"
    )
    lora: bool | None = Field(None, description="train LoRA adapters")
    qlora: bool | None = Field(None, description="train LoRA adapters on a base model quantized to 4 bits")
    lora_r: Annotated[int | None, Option(metavar="N")] = Field(None, ge=1, description="LoRA rank")
    lora_alpha: Annotated[int | None, Option(metavar="N")] = Field(None, ge=1, description="LoRA scale (alpha)")
    lora_dropout: Annotated[float | None, Option(metavar="P")] = Field(None, ge=0, lt=1, description="LoRA dropout")
    lora_targets: Annotated[Names, Option(metavar="NAME,...")] = Field(
        ("all-linear",), description="modules that get LoRA adapters"
    )
    learning_rate: Annotated[float | None, Option(metavar="RATE")] = Field(None, gt=0, description="peak learning rate")
    schedule: Literal["cosine", "linear", "constant", "constant_with_warmup"] | None = Field(
        None, description="learning rate schedule"
    )
    warmup: Annotated[float | None, Option(metavar="FRACTION")] = Field(
        None, ge=0, lt=1, description="fraction of the steps used for warm-up"
    )
    epochs: Annotated[float | None, Option(metavar="N")] = Field(
        None, gt=0, description="number of passes over the records"
    )
    max_steps: Annotated[int | None, Option(metavar="N")] = Field(
        None, ge=1, description="maximum number of optimizer steps (default: set by --epochs)"
    )
    max_length: Annotated[int | None, Option(metavar="TOKENS")] = Field(
        None, ge=8, description="maximum tokens per record; sft truncates longer ones, dpo and prm drop them"
    )
    effective_batch: Annotated[int | None, Option(metavar="N")] = Field(
        None, ge=1, description="records per optimizer step, over all devices"
    )
    device_batch: Annotated[int | None, Option(setting=False, metavar="N")] = Field(
        None, ge=1, description="records per device and forward pass"
    )
    optimizer: Annotated[str | None, Option(metavar="NAME")] = Field(
        None, description="optimizer, by its name in transformers"
    )
    weight_decay: Annotated[float | None, Option(metavar="DECAY")] = Field(None, ge=0, description="weight decay")
    max_grad_norm: Annotated[float | None, Option(metavar="NORM")] = Field(
        None, gt=0, description="gradient norm to clip to"
    )
    precision: Literal["auto", "bf16", "fp32"] | None = Field(
        None, description="floating-point type; auto is bf16 if the hardware supports it"
    )
    packing: bool | None = Field(None, description="pack several records into a row, without attention across them")
    group_by_length: bool = Field(False, description="batch records of similar length together (sft only)")
    activation_checkpointing: Annotated[bool | None, Option(setting=False)] = Field(
        None, description="recompute activations to save memory, at the cost of time"
    )
    beta: Annotated[float, Option(metavar="BETA")] = Field(
        0.1, gt=0, description="DPO beta: a larger value stays closer to the initial model"
    )
    eval_share: Annotated[float | None, Option(metavar="FRACTION")] = Field(
        None, ge=0, lt=1, description="fraction of the problems held out to measure the loss"
    )
    evaluations: Annotated[int, Option(metavar="N")] = Field(
        5, ge=1, description="number of times to measure the held-out loss"
    )
    save_every: Annotated[int, Option(setting=False, metavar="STEPS")] = Field(
        100, ge=1, description="optimizer steps between checkpoints"
    )
    report_to: Annotated[Names, Option(setting=False, metavar="NAME,...")] = Field(
        (), description="experiment trackers, such as tensorboard or wandb (default: none)"
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
    """Measure whether a model corrects itself, and what that costs in accuracy and tokens."""

    command: ClassVar[str] = "eval"
    example: ClassVar[str] = "lemma eval gsm8k_test.jsonl --model lemma-run/model --suite accuracy,recovery"
    role: ClassVar[Literal["student", "teacher"]] = "student"
    model_options: ClassVar[tuple[str, ...]] = ("prompt", "prompts", "types", "errors", "model")

    data: Data = Field(None, description="test problems, as for `lemma augment` (default: the bundled sample)")
    split: Split = "test"
    config: Configuration = None
    columns: Columns = Field(default_factory=dict)
    limit: Limit = None
    model: Annotated[str | None, Option(metavar="MODEL")] = Field(
        None, description="folder, Hugging Face id, or name on the server (default: trained in this run)"
    )
    name: Annotated[str | None, Option(setting=False, metavar="NAME")] = Field(
        None, description="name of this evaluation (default: from the model or file)"
    )
    suite: Annotated[Names, Option(metavar="NAME,...")] = Field(
        ("all",), description="accuracy, self-correction, recovery, blind-spot, first-error, all"
    )
    prompt: Annotated[str, Option(metavar="NAME or FILE")] = Field(
        "question", description="question (the bare question), chat, completion, lemma, or a .jinja file"
    )
    prompts: Prompts = Field(None, description=_PROMPTS)
    n: Annotated[int, Option(metavar="N")] = Field(4, ge=0, description="samples per problem besides the greedy one")
    types: Annotated[Names, Option(metavar="TYPE,...")] = Field(("all",), description="error types and families")
    errors: Annotated[int, Option(metavar="N")] = Field(
        2, ge=0, description="wrong prefixes to recover from, per problem and kind"
    )
    from_: From = Field(None, description="grade existing outputs: JSONL with question or id, and output")
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
