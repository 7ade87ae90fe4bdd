"""The dataset card (README.md) of the records, and the description that LLaMA-Factory reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import yaml

import lemma
from lemma.config import BuildSftConfig
from lemma.dataset.figures import Figures
from lemma.formats.kind import RecordKind
from lemma.formats.shapes import llama_factory_entry
from lemma.rundir.disk import write_whole

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_SETTINGS = ("seed", "shape", "strategies", "reflections", "smoothed", "truncate", "mix", "exclude", "near_duplicates")
_TRAINERS = {
    "prompt-completion": """\
`lemma train` takes the files as they are. With TRL:

    SFTTrainer(model, train_dataset=load_dataset("json", data_files="{file}", split="train"))

For LLaMA-Factory, Axolotl and verl write another shape: `lemma build-sft --shape messages --fresh`.
""",
    "messages": """\
With TRL: `SFTTrainer(model, train_dataset=load_dataset("json", data_files="{file}", split="train"))`

With LLaMA-Factory, in the folder of these files: `dataset_dir: .` and `dataset: lemma_{kind}`

With Axolotl: `datasets: [{{path: {file}, ds_type: json, type: chat_template, field_messages: messages}}]`

With verl, which reads Parquet: `load_dataset("json", data_files="{file}", split="train").to_parquet("{kind}.parquet")`,
then `data.train_files={kind}.parquet data.messages_key=messages`
""",
    "alpaca": """\
With LLaMA-Factory, in the folder of these files: `dataset_dir: .` and `dataset: lemma_{kind}`

With Axolotl: `datasets: [{{path: {file}, ds_type: json, type: alpaca}}]`
""",
    "sharegpt": """\
With LLaMA-Factory, in the folder of these files: `dataset_dir: .` and `dataset: lemma_{kind}`

With Axolotl: `datasets: [{{path: {file}, ds_type: json, type: chat_template, field_messages: conversations, \
message_property_mappings: {{role: from, content: value}}}}]`
""",
}


@dataclass(frozen=True)
class CardFacts:
    """What the card says. `sources` counts problems by their source; `versions` are those of phrases and prompts."""

    config: BuildSftConfig
    kinds: Mapping[str, RecordKind]
    figures: Figures
    rejected: Mapping[str, int]
    sources: Mapping[str, int]
    versions: Mapping[str, str]


def write_card(folder: Path, facts: CardFacts) -> tuple[Path, ...]:
    """Write the card and, if LLaMA-Factory can read the shape, its `dataset_info.json`. Returns their paths."""
    files = {"README.md": "\n".join(_card(facts)).encode()}
    described = {
        f"lemma_{kind}": entry
        for kind, found in facts.kinds.items()
        if found.shaped and (entry := llama_factory_entry(_file(kind), facts.config.shape, found.pairs)) is not None
    }
    if described:
        files["dataset_info.json"] = orjson.dumps(described, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    else:
        (folder / "dataset_info.json").unlink(missing_ok=True)
    for name, content in files.items():
        write_whole(folder / name, content)
    return tuple(folder / name for name in files)


def _file(kind: str) -> str:
    return f"{kind}.jsonl"


def _card(facts: CardFacts) -> Iterator[str]:
    total = sum(map(facts.figures.total, facts.kinds))
    front_matter = {
        "pretty_name": "Training records for self-correction",
        "task_categories": ["text-generation"],
        "tags": ["math", "self-correction", "synthetic"],
        "size_categories": [next((name for limit, name in _SIZES if total < limit), "1M<n<10M")],
        "configs": [{"config_name": kind, "data_files": _file(kind)} for kind in facts.kinds],
    }
    record_rows = (
        (_file(kind), figures.sort, figures.records, round(figures.mean_words), found.summary)
        for kind, found in facts.kinds.items()
        for figures in facts.figures.records(kind)
    )
    yield from ("---", yaml.safe_dump(front_matter, sort_keys=False).rstrip(), "---", "")
    yield from ("# Training records for self-correction", "")
    yield f"Made by `lemma build-sft`, version {lemma.__version__}."
    yield from ("", "## Records", "")
    yield from _table(("file", "sort", "records", "words on average", "what it is"), record_rows)
    yield from ("", "## Errors", "")
    yield from _table(("error type", "erroneous solutions"), facts.figures.error_types)
    yield ""
    yield from _table(("made by", "erroneous solutions"), facts.figures.origins)
    yield ""
    yield from _table(("first wrong step by", "erroneous solutions"), facts.figures.evidence)
    yield ""
    yield from _table(("from wrong to right", "trajectories"), facts.figures.turns)
    yield from ("", "## Left out", "")
    yield from _table(("reason", "inputs"), sorted(facts.rejected.items()))
    yield from ("", "## Sources", "")
    yield from _table(("problems from", "problems"), sorted(facts.sources.items()))
    yield from ("", "## Settings", "")
    yield from _table(("setting", "value"), _setting_rows(facts))
    yield from ("", "## Training", "")
    yield from _training(facts)


def _setting_rows(facts: CardFacts) -> Iterator[tuple[str, object]]:
    settings = facts.config.settings()
    for name in _SETTINGS:
        value = settings[name]
        if isinstance(value, dict):
            value = [f"{key}={item}" for key, item in value.items()]
        yield name, ", ".join(Path(item).name for item in value) or "none" if isinstance(value, list) else value
    yield from facts.versions.items()


def _training(facts: CardFacts) -> Iterator[str]:
    """How to train on the records with common trainers."""
    chat = [kind for kind, found in facts.kinds.items() if found.shaped and not found.pairs]
    if chat:
        yield _TRAINERS[facts.config.shape].format(kind=chat[0], file=_file(chat[0]))
    if "lemma" in chat:
        yield "`segments` are character offsets into the answer, so that any part of it can be masked from the loss."
        yield ""
    if any(found.pairs for found in facts.kinds.values()):
        yield "`chosen` and `rejected` begin alike, with `shared` characters of the solution so far."
        if facts.config.shape == "prompt-completion":
            pairs = 'load_dataset("json", data_files="dpo.jsonl", split="train")'
            yield f"With TRL: `DPOTrainer(model, train_dataset={pairs})`"
        else:
            yield "With LLaMA-Factory: `stage: dpo`, `dataset_dir: .` and `dataset: lemma_dpo`"
        yield ""
    if "prm" in facts.kinds:
        yield "Step labels are for `lemma train --objective prm`, or Axolotl with `type: stepwise_supervised`."


def _table(names: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(names)} |"
    yield f"|{' --- |' * len(names)}"
    for row in rows:
        texts = (f"{value:,}" if isinstance(value, int) else str(value) for value in row)
        # Escaped, so that a value cannot break out of its cell.
        cells = (" ".join(text.split()).replace("|", "\\|").replace("<", "&lt;") for text in texts)
        yield f"| {' | '.join(cells)} |"
