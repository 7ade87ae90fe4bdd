"""The model card: what the model was made from, with which settings and versions, and the course of the loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import matplotlib
import yaml

import lemma
from lemma.rundir.lines import fingerprint
from lemma.training.presets import TrainSettings

_LIBRARIES = ("torch", "transformers", "trl", "peft", "datasets", "accelerate")
_CURVE = "loss_curve.png"


@dataclass(frozen=True)
class CardFacts:
    """What a card says. `history` is the trainer's log, one mapping per logged step."""

    config: TrainSettings
    files: tuple[Path, ...]
    counts: Mapping[str, int]
    history: list[dict[str, Any]]


def write_model_card(folder: Path, facts: CardFacts) -> Path:
    """Write README.md with its front matter, and the loss curve beside it."""
    (folder / _CURVE).unlink(missing_ok=True)
    _draw(folder / _CURVE, facts.history)
    config = facts.config
    tags = ["lemma", "self-correction", config.objective, *(["lora"] if config.adapter else [])]
    matter: dict[str, Any] = {"library_name": "peft" if config.adapter else "transformers", "tags": tags}
    if config.model is not None and not Path(config.model).exists():
        matter["base_model"] = config.model  # an id on the hub, not a folder of this machine
    front_matter = f"---\n{yaml.safe_dump(matter, sort_keys=False)}---"
    card = folder / "README.md"
    card.write_text("\n\n".join((front_matter, *_sections(facts))) + "\n", "utf-8")
    return card


def _sections(facts: CardFacts) -> list[str]:
    config = facts.config
    base = config.model or "the embedded model, with random weights"
    files = "\n".join(f"- `{file.name}`, content hash `{fingerprint(file)}`" for file in facts.files)
    counts = "\n".join(f"- {count:,} {name}" for name, count in facts.counts.items())
    values = {
        name: ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in config.settings().items()
    }
    settings = _table(("setting", "value"), list(values.items()))
    losses = _table(("loss", "first", "last"), first_and_last_losses(facts.history))
    versions = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return [
        f"# {config.objective.upper()} with lemma, preset `{config.preset}`",
        f"Trained from {base}, to notice and correct its own mistakes.",
        f"## Data\n\n{files}\n\n{counts}",
        f"## Loss\n\n![training and held-out loss by step]({_CURVE})\n\n{losses}",
        f"## Settings\n\n{settings}",
        f"## Versions\n\nlemma {lemma.__version__}, {versions}",
    ]


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def first_and_last_losses(history: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Name, first and last value of every loss in a trainer's log, including those of each part of the text."""
    names = dict.fromkeys(name for entry in history for name in entry if name.removeprefix("eval_").startswith("loss"))
    series = {name: [entry[name] for entry in history if name in entry] for name in names}
    return [(name, f"{values[0]:.3f}", f"{values[-1]:.3f}") for name, values in series.items()]


def _draw(path: Path, history: list[dict[str, Any]]) -> None:
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4))
    for name, label in (
        ("loss", "training"),
        ("eval_loss", "held-out"),
        ("eval_loss_error", "held-out, wrong step"),
    ):
        points = [(entry["step"], entry[name]) for entry in history if name in entry]
        if points:
            axes.plot(*zip(*points, strict=True), label=label, marker="." if name != "loss" else "")
    axes.set(xlabel="step", ylabel="loss")
    axes.legend()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
