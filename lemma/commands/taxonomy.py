"""`lemma taxonomy`: the table of error types, or one type in full."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lemma.config import TaxonomyConfig
from lemma.declaration import Command
from lemma.taxonomy.error_types import load_taxonomy


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


COMMAND = Command(TaxonomyConfig, run=show)
