"""Make what the documentation shows: the record reference, and the output of every command in a console block.

    python docs/make.py ../shared/data     # where gsm8k_train.jsonl and gsm8k_test.jsonl are

A block that names a file, as in ```python adder.py, is put there; if examples/ has the file, the block shows that one.
Console blocks run in the order of the page, in a folder of its own.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path.insert(0, str(ROOT))

from lemma.config import BuildSftConfig  # noqa: E402
from lemma.evaluation.outputs import GradedOutput  # noqa: E402
from lemma.formats import record_kinds  # noqa: E402
from lemma.formats.shapes import SHAPES  # noqa: E402
from lemma.problems.parts import filled  # noqa: E402
from lemma.problems.problem import read_row  # noqa: E402
from lemma.problems.shapes import shapes  # noqa: E402
from lemma.records import Record  # noqa: E402
from lemma.run_files import REJECTED, RUN_FILES, Maker, RunFile  # noqa: E402

EXAMPLES = ROOT / "examples"
PACKAGE = EXAMPLES / "own_injector"

# The pages with commands, and whether they need the data, or the package of the examples, installed.
PAGES = {"tour.md": "data", "cluster.md": "data", "pipelines.md": "data", "extending.md": "package"}
DATA = ("gsm8k_train.jsonl", "gsm8k_test.jsonl")
_BLOCK = re.compile(r"^```(?P<language>\w+)(?: (?P<file>\S+))?\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_INSTALLED = ".installed"
DATA_FORMS = """
## Where data comes from

| source | example |
|---|---|
| a file | `.jsonl`, `.json`, `.csv`, `.tsv`, `.parquet`, `.arrow`; all but the last two also as `.gz`, `.zst`, ... |
| several files, or a pattern | `a.jsonl b.jsonl`, `"data/*.jsonl"` |
| a folder of files | `MATH/`: reads only the files of one `--split` if file or folder names identify splits |
| standard input | `-` |
| a Hugging Face data set | `openai/gsm8k:main`, or `openai/gsm8k --config main` |

- A JSON file may contain an array, pandas output, or named splits (`{"train": [...], "test": [...]}`).
- Columns may be separated by commas, semicolons, tabs, or `|`. If a table has two columns and no header, they
  are read as questions and numeric answers.
- Lists and objects in a CSV file, such as `messages`, may be JSON or as Python prints them.
- Text must be UTF-8, or UTF-16 or UTF-32 with a byte order mark. NaN counts as an empty cell.
- A line may be at most 32 MiB long. A compressed file that expands to hundreds of times its size is refused.

If a Hugging Face data set has several configurations and you name none, the error message lists them.

## Other columns

`--columns question=NAME,solution=NAME,answer=NAME` maps other column names. A name may also be a path, such as
`messages[-1].content` or `extra_info.answer`, or a template, such as `question={instruction}: {input}`.

## Gold answers

The gold answer comes from the answer column or, without one, from the worked solution: a box, `#### 7`, "the answer
is 7", or the only number in its last sentence. It is never guessed: a solution with two different boxes, or with
several numbers in its last sentence, is rejected as `several_answers`. `proof`, `notfound`, `n/a`, and `None` do not
count as gold answers. If the solution and the answer column disagree, the row is rejected as `answers_differ`; if a
model wrote the solution, only the solution is dropped.

Thoughts count neither as a solution nor as an answer. A thought is any text before `</think>`, in
`reasoning_content`, in a content part whose type is not text, or in the analysis channel. A text that ends in the
middle of a thought has no solution.
"""
_OUTPUTS = RunFile("eval/NAME/outputs.jsonl", GradedOutput, (Maker("eval"),), "outputs")
_TYPE_NAMES = {
    r"tuple\[str, \.\.\.\]": "list of text",
    r"tuple\[lemma\.records\.Segment, \.\.\.\]": "list of `kind` and `text`",
    r"typing\.Literal\[(.*?)\]": r"\1",
    r"\w+(?:\.\w+)*\.Mapping\[str, float\]": "numbers by name",
    r"\bstr\b": "text",
    r"\bint\b": "integer",
    r"\bbool\b": "true or false",
    "None": "null",
    r" \| ": " or ",
}


def rendered(page: str, folder: Path) -> str:
    """Put the files that the page shows into the folder, run its commands there, and write their output into it."""
    return _BLOCK.sub(lambda block: _done(block, folder), page)


def _done(block: re.Match[str], folder: Path) -> str:
    language, file, body = block["language"], block["file"], block["body"]
    if language == "console":
        return "```console\n" + "".join(_session(body, folder)) + "```"
    if file is None:
        return block.group()
    if (EXAMPLES / file).is_file():
        body = (EXAMPLES / file).read_text(encoding="utf-8")
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(body, encoding="utf-8")
    return f"```{language} {file}\n{body}```"


def _session(body: str, folder: Path) -> Iterator[str]:
    for command in re.findall(r"^\$ (.*(?:\\\n.*)*)$", body, re.MULTILINE):
        yield f"$ {command}\n"
        ran = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=folder, env=_environment(folder), capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip
        if ran.returncode:
            raise SystemExit(f"$ {command}\n{ran.stdout}{ran.stderr}")
        yield "".join(f"{line.rstrip()}\n" for line in ran.stdout.splitlines())


def _environment(folder: Path) -> dict[str, str]:
    """One in which `lemma` is this checkout, and what was installed into the folder can be imported.

    The program is made if the folder does not bring its own.
    """
    programs = folder / ".bin"
    if not programs.exists():
        programs.mkdir()
        (programs / "lemma").write_text(f'#!/bin/sh\nexec {sys.executable} -m lemma "$@"\n')
        (programs / "lemma").chmod(stat.S_IRWXU)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    packages = f"{ROOT}{os.pathsep}{folder / _INSTALLED}"
    return {**os.environ, "PATH": path, "PYTHONPATH": packages, "COLUMNS": "100", "LC_ALL": "C.UTF-8"}


def install(project: Path, site: Path) -> None:
    """What `pip install` of a package in pure Python does: copy its modules, and write its name and entry points."""
    about = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name = about["name"].replace("-", "_")
    shutil.copytree(project / name, site / name, ignore=shutil.ignore_patterns("__pycache__"))
    info = site / f"{name}-{about['version']}.dist-info"
    info.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {about['name']}\nVersion: {about['version']}\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    lines = []
    for group, entries in about["entry-points"].items():
        lines += [f"[{group}]", *(f"{entry} = {value}" for entry, value in entries.items())]
    (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")


def prepare(folder: Path, needs: str, data: Path) -> None:
    """Put into a page's folder what its commands need."""
    if needs == "data":
        for name in DATA:
            (folder / name).symlink_to((data / name).resolve())
    else:
        shutil.copytree(PACKAGE, folder / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
        install(PACKAGE, folder / _INSTALLED)


def record_reference(folder: Path) -> str:
    """records.md, with lines of a run on part of the bundled sample as examples."""
    first, *others = SHAPES
    kinds = ",".join(record_kinds())
    list(_session(f"$ lemma augment --limit 20 --run {first} --seed 3", folder))
    list(_session(f"$ lemma build-sft --run {first} --seed 3 --records {kinds}", folder))
    for shape in others:
        again = f"lemma build-sft --run {shape} --seed 3 --records lemma,cot,dpo --fresh --shape {shape}"
        list(_session(f"$ cp -r {first} {shape} && {again}", folder))
    return "\n".join(_reference({shape: folder / shape for shape in SHAPES})) + "\n"


def _reference(runs: dict[str, Path]) -> Iterator[str]:
    run = runs["prompt-completion"]
    yield "# Records\n"
    yield "Made by `python docs/make.py` from the code. Every file is JSONL, a record a line, as `datasets` reads it."
    yield "An `id` is a hash of content. Steps count from 0.\n"
    for file in (*RUN_FILES, REJECTED, _OUTPUTS):
        made_by = ", ".join(file.made_by) or "every command"
        yield f"## `{file.name}`\n\nFrom: {made_by}. {_summary(file.record)}\n"
        yield from _field_table(file.record)
        if (run / file.name).exists() and (run / file.name).stat().st_size:
            yield from _example(_first(run / file.name))
    yield "## `sft/KIND.jsonl`\n"
    default = BuildSftConfig.model_fields["records"].default[0]
    yield f"From: build-sft, one file for each of `--records`, `{default}` where none are named.\n"
    for name, kind in record_kinds().items():
        yield f"### `{name}`\n\n{kind.summary[0].upper()}{kind.summary[1:]}.\n"
        yield from _example(_first(run / "sft" / f"{name}.jsonl"))
    yield "## Shapes\n"
    yield "The chat-like kinds in each `--shape`. Columns of a kind itself come after these.\n"
    yield "| shape | an answer | a preference pair |\n|---|---|---|"
    for shape, folder in runs.items():
        answer, pair = (_first(folder / "sft" / f"{kind}.jsonl") for kind in ("cot", "dpo"))
        own = [set(_first(folder / "sft" / f"{kind}.jsonl")) for kind in ("lemma", "cot")]
        shared = own[0] & own[1]
        pair_columns = [name for name in pair if name in shared | {"chosen", "rejected"}]
        yield f"| `{shape}` | {_names([name for name in answer if name in shared])} | {_names(pair_columns)} |"


def data_reference() -> str:
    """data.md, with a row per data set, read as the commands read it."""
    lines = [
        *("# Data", "", "Generated by `python docs/make.py` from `lemma/problems/shapes/`."),
        "From the same row, `lemma augment`, `lemma sample`, and `lemma eval` read the same problem with the same id.",
        *("", DATA_FORMS.strip(), "", "## Shapes", ""),
        "| data set | shape | columns | question | worked solution | gold answer | solutions by models |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, shape in shapes().items():
        for data_set, row in shape.examples.items():
            problem, samples = read_row(row, {}, data_set, solved=False, answered=True)
            columns = ", ".join(f"`{column}`" for column in list(row)[:7]) + (", ..." if len(row) > 7 else "")
            question, worked, gold = (_path(paths, row) for paths in (shape.question, shape.solution, shape.answer))
            if problem.solution and problem.solution in str(filled(row, gold.strip("`"))):  # both in one column
                worked, gold = gold, ""
            gold = gold or ("from the solution" if problem.solution else worked)
            read = (question, worked if problem.solution else "-", gold)
            models = f"{shape.samples or 'yes'}" if samples else "-"
            cells = (data_set, f"`{name}`", columns, *(part or "from the messages" for part in read), models)
            lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", "\\n") for cell in cells) + " |")
    lines += ["", "## Notes on each shape", ""]
    lines += [f"- `{name}`: {shape.note}." for name, shape in shapes().items() if shape.note]
    return "\n".join(lines) + "\n"


def _path(paths: tuple[str, ...], row: Mapping[str, Any]) -> str:
    """The first path of a shape that a row has something at."""
    found = next((path for path in paths if filled(row, path) not in (None, "", [])), "")
    return f"`{found}`" if found else ""


def _summary(record: type[BaseModel]) -> str:
    return " ".join(re.sub(r" \(`[\w.]+`\)", "", record.__doc__ or "").split())


def _field_table(record: type[Record]) -> Iterator[str]:
    yield "| field | type |\n|---|---|"
    for name, field in record.model_fields.items():
        yield f"| `{name}` | {_type_name(field.annotation)} |"
    yield ""


def _type_name(annotation: Any) -> str:
    plain = isinstance(annotation, type) and not hasattr(annotation, "__args__")
    name = annotation.__name__ if plain else str(annotation)
    for written, said in _TYPE_NAMES.items():
        name = re.sub(written, said, name)
    return name


def _first(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return dict(orjson.loads(file.readline()))


def _example(line: dict[str, Any]) -> Iterator[str]:
    yield f"```json\n{orjson.dumps(line, option=orjson.OPT_INDENT_2).decode()}\n```\n"


def _names(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def main(data: Path) -> None:
    """Write everything again."""
    for name, needs in PAGES.items():
        with tempfile.TemporaryDirectory() as folder:
            prepare(Path(folder), needs, data)
            page = DOCS / name
            page.write_text(rendered(page.read_text(encoding="utf-8"), Path(folder)), encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        (DOCS / "records.md").write_text(record_reference(Path(folder)), encoding="utf-8")
    (DOCS / "data.md").write_text(data_reference(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"))
