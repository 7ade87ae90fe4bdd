"""`lemma taxonomy`: the table of error types, one type in full, or new types for a person to accept.

    lemma taxonomy calculation_error
    lemma taxonomy --grow --teacher gpt-4o

With `--grow`, a teacher describes each located error whose type is unknown (arXiv 2501.15581). Errors are grouped in
the order of the file: before a new name is taken, the teacher is asked whether it means a kind that is there already.
The proposals are YAML files under `proposed_types/`; those that you keep in a folder are types for `--taxonomy FOLDER`.
"""

from __future__ import annotations

from asyncio import shield
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lemma.config import TaxonomyConfig
from lemma.declaration import Command, Job
from lemma.engine.in_order import Queue
from lemma.engine.outcome import Count, Product
from lemma.engine.summary import Tally
from lemma.exceptions import ConfigError, Refusal
from lemma.models.client import Client, ask_all
from lemma.models.json_replies import json_reply
from lemma.models.prompts import load_prompt
from lemma.models.protocol import Request, Sampling, usable_text
from lemma.records import DescribedError, ErroneousSolution, content_id
from lemma.run_files import DESCRIBED, ERRONEOUS, PROPOSED_TYPES
from lemma.rundir.counts import Counts
from lemma.rundir.disk import write_whole
from lemma.rundir.lines import LineIndex, read_lines
from lemma.rundir.sharing import Hold
from lemma.steps import numbered
from lemma.taxonomy.error_types import Family, load_taxonomy
from lemma.taxonomy.growing import Proposal, Proposals, type_file

_DESCRIBE, _COMPARE = "describe_error", "same_error_type"
UNKNOWN = "unknown"
_ADVICE = f"read the proposals in {PROPOSED_TYPES}, keep those that you accept in a folder, and give it as --taxonomy"
# A dimension of the counts.
_TYPES = "described as"


class _Description(BaseModel):
    model_config = ConfigDict(extra="ignore")
    error_type: str
    name: str = ""
    definition: str = ""
    family: Family = "logic"
    right_step: str
    explanation: str


class _Sameness(BaseModel):
    model_config = ConfigDict(extra="ignore")
    same_as: int


_Form = TypeVar("_Form", bound=BaseModel)


def plan(config: TaxonomyConfig, _hold: Hold) -> Job:
    """Let the teacher describe the errors of unknown type. Raises ConfigError without a teacher."""
    if config.teacher is None:
        raise ConfigError("--grow needs a model that describes errors: give --teacher MODEL (and --base-url)")
    taxonomy = load_taxonomy(config.taxonomy)

    @cache
    def proposals() -> Proposals:
        """Read when first called: the journal drops unacknowledged lines when it opens."""
        found = Proposals(taxonomy)
        path = DESCRIBED.path(config.run)
        if path.exists():
            found.remember(map(DescribedError.model_validate, read_lines(path, DESCRIBED.made_by[0])))
        return found

    describing = partial(describe, model=config.teacher, config=config, proposals=proposals, queue=Queue())
    return Job(describing, model=config.teacher, prompts=(_DESCRIBE, _COMPARE), notes=(_ADVICE,))


async def describe(
    erroneous: ErroneousSolution,
    client: Client,
    *,
    model: str,
    config: TaxonomyConfig,
    proposals: Callable[[], Proposals],
    queue: Queue,
) -> list[Product]:
    """Describe one error, and find or propose its type. Errors of a known type need none."""
    async with queue.place() as before:
        known = proposals()
        described: _Description | Refusal | None = None
        if erroneous.error_type == UNKNOWN:
            try:
                described = await _description(erroneous, client, model, config)
            except Refusal as refusal:
                described = refusal
        await shield(before)
        if described is None:
            return []
        if isinstance(described, Refusal):
            raise described
        label = described.name if described.error_type == "new" else described.error_type
        found = known.find(label)
        if found is None:
            found = await _same(described, client, model, known)
        if found is None:
            found = known.add(described.name, described.definition, described.family)
        record = DescribedError(
            id=content_id(erroneous.id, found.id, described.explanation),
            erroneous_id=erroneous.id,
            error_type=found.id,
            is_new=found.is_new,
            name=found.name,
            definition=found.definition,
            family=found.family,
            right_step=described.right_step.strip(),
            explanation=described.explanation.strip(),
            origin="teacher",
            model=model,
        )
        return [record, Count(_TYPES, f"{found.id} (new)" if found.is_new else found.id)]


async def _description(
    erroneous: ErroneousSolution, client: Client, model: str, config: TaxonomyConfig
) -> _Description:
    types = "\n".join(f"- {kind.id}: {kind.definition}" for kind in load_taxonomy(config.taxonomy))
    prompt = load_prompt(_DESCRIBE).render(
        error_types=types,
        question=erroneous.question,
        reference="\n".join(erroneous.reference_steps),
        numbered_steps="\n".join(numbered(erroneous.steps)),
        step=erroneous.located_step + 1,
    )
    found = await _answer(client, Request(model, prompt, Sampling(0.0, 1.0, 512)), _Description)
    if not found.right_step.strip() or not found.explanation.strip():
        raise Refusal("invalid_description", "it says neither what is wrong nor what is right")
    return found


async def _answer(client: Client, request: Request, form: type[_Form]) -> _Form:
    """An answer in JSON. Raises Refusal if it does not have the form."""
    (answer,) = await ask_all(client, [request])
    text = usable_text(answer)
    try:
        return form.model_validate(json_reply(text))
    except (Refusal, ValidationError):
        raise Refusal("invalid_description", text[:300]) from None


async def _same(described: _Description, client: Client, model: str, known: Proposals) -> Proposal | None:
    """The type that the description means in other words, None if it is new."""
    listed = list(known)
    prompt = load_prompt(_COMPARE).render(
        numbered_types="\n".join(f"{n}. {kind.name}: {kind.definition}" for n, kind in enumerate(listed, start=1)),
        name=described.name,
        definition=described.definition,
    )
    same = await _answer(client, Request(model, prompt, Sampling(0.0, 1.0, 64)), _Sameness)
    if not 0 <= same.same_as <= len(listed):
        raise Refusal("invalid_description", f"there is no entry {same.same_as} among {len(listed)}")
    return listed[same.same_as - 1] if same.same_as else None


def show(config: TaxonomyConfig, _console: Console) -> None:
    """Print on standard output. `_console`, for progress, is on standard error."""
    taxonomy = load_taxonomy(config.taxonomy)
    output = Console(highlight=False)
    if config.type is None:
        table = Table(box=None, pad_edge=False)
        for column in ("type", "family", "made by"):
            table.add_column(column, no_wrap=True)
        table.add_column("definition", no_wrap=True, overflow="ellipsis")
        for kind in taxonomy:
            table.add_row(kind.id, kind.family, "symbolic" if kind.injector else "teacher", Text(kind.definition))
        output.print(table)
        return
    kind = taxonomy.resolve(config.type)
    rows = [
        ("", f"{kind.name} ({kind.id})"),
        ("family", kind.family),
        ("definition", kind.definition),
        ("papers", "; ".join(kind.paper_names)),
        ("sources", ", ".join(kind.source)),
        ("aliases", ", ".join(kind.aliases)),
        ("made by", f"the symbolic injector {kind.injector}" if kind.injector else "a teacher model only"),
        ("proof", kind.symbolic_note),
        ("question", kind.example.question),
        ("right", kind.example.right_step),
        ("wrong", kind.example.wrong_step),
        ("why", kind.example.explanation),
    ]
    page = Text()
    for label, text in rows:
        if text:
            page.append(f"{label:<12}", style="dim")
            page.append(f"{text}\n", style="bold" if not label else "")
    output.print(page)


def write_proposals(config: TaxonomyConfig, counts: Counts) -> Iterator[Path]:
    """Write a YAML file for each proposed type, with the first error that it describes as its example."""
    total = sum(counts.of(_TYPES).values())
    erroneous = LineIndex(ERRONEOUS.path(config.run), ERRONEOUS.made_by[0], "id")
    first: dict[str, DescribedError] = {}
    seen: Counter[str] = Counter()
    for line in read_lines(DESCRIBED.path(config.run), DESCRIBED.made_by[0]):
        described = DescribedError.model_validate(line)
        if described.is_new:
            first.setdefault(described.error_type, described)
            seen[described.error_type] += 1
    folder = config.run / PROPOSED_TYPES
    for path in folder.glob("*.yaml"):
        if path.stem not in first:
            path.unlink()
    for kind, count in seen.most_common():
        line_of = erroneous.find(first[kind].erroneous_id)
        assert line_of is not None
        text = type_file(first[kind], ErroneousSolution.model_validate_json(line_of), count, total)
        folder.mkdir(exist_ok=True)
        write_whole(folder / f"{kind}.yaml", text.encode())
        yield folder / f"{kind}.yaml"


def tallies(_config: TaxonomyConfig, counts: Counts) -> Iterator[Tally]:
    """How many errors each type describes."""
    found = counts.of(_TYPES)
    total = max(1, sum(found.values()))
    rows = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    shares = tuple((name, f"{count:,}", f"{count / total:.1%}") for name, count in rows)
    yield Tally("Errors of unknown type", ("described as", "errors", "share"), shares)


def calls(config: TaxonomyConfig) -> int:
    """Model calls per error, at most."""
    return 2 if config.grow else 0


COMMAND = Command(
    TaxonomyConfig,
    plan,
    run=show,
    plans=lambda config: bool(config.grow),
    reads=ERRONEOUS,
    writes=(DESCRIBED,),
    calls=calls,
    tallies=tallies,
    finish=write_proposals,
)
