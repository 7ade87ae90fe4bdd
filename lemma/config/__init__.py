"""The options of every command, one file each, named as the command is typed. What it does with them is in `commands/`.

>>> AugmentConfig.from_mapping({"types": "calc", "per_problem": 4}).per_problem
4
"""

from __future__ import annotations

from lemma.config.analyze import AnalyzeConfig
from lemma.config.augment import AugmentConfig
from lemma.config.build_sft import BuildSftConfig
from lemma.config.correct import CorrectConfig
from lemma.config.critique import CritiqueConfig
from lemma.config.eval import EvalConfig
from lemma.config.evolve import EvolveConfig
from lemma.config.generate import GenerateConfig
from lemma.config.merge import MergeConfig
from lemma.config.report import ReportConfig
from lemma.config.run import RunConfig
from lemma.config.sample import SampleConfig
from lemma.config.show import ShowConfig
from lemma.config.smooth import SmoothConfig
from lemma.config.taxonomy import TaxonomyConfig
from lemma.config.train import TrainConfig
from lemma.config.verify import VerifyConfig
from lemma.options import CommandConfig

# In the order of `lemma --help`.
_ORDER: tuple[type[CommandConfig], ...] = (
    TaxonomyConfig,
    GenerateConfig,
    SampleConfig,
    AnalyzeConfig,
    AugmentConfig,
    CorrectConfig,
    SmoothConfig,
    CritiqueConfig,
    BuildSftConfig,
    EvolveConfig,
    RunConfig,
    MergeConfig,
    ReportConfig,
    ShowConfig,
    VerifyConfig,
    TrainConfig,
    EvalConfig,
)

__all__ = [
    "AnalyzeConfig",
    "AugmentConfig",
    "BuildSftConfig",
    "CorrectConfig",
    "CritiqueConfig",
    "EvalConfig",
    "EvolveConfig",
    "GenerateConfig",
    "MergeConfig",
    "ReportConfig",
    "RunConfig",
    "SampleConfig",
    "ShowConfig",
    "SmoothConfig",
    "TaxonomyConfig",
    "TrainConfig",
    "VerifyConfig",
    "commands",
]


def commands() -> dict[str, type[CommandConfig]]:
    """The options of every command, by its name, in the order of `lemma --help`."""
    return {config.command: config for config in _ORDER}
