"""Files, folders and data sets that problems are read from, in the forms in which people have them."""

import bz2
import gzip
import io
import json
import lzma
import sys

import pytest

from lemma.cli import parse
from lemma.exceptions import DataError
from lemma.problems import streams
from lemma.problems.loading import open_problems
from lemma.records import Problem

ROWS = [{"question": f"How much is {n} and 3?", "answer": f"It is {n} + 3 = {n + 3}.\n#### {n + 3}"} for n in (2, 4)]
OTHER = [{"question": "How much is 9 and 1?", "answer": "It is 9 + 1 = 10.\n#### 10"}]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


def questions(data, **options):
    return [item.question for item in open_problems(str(data), "augment", **options) if isinstance(item, Problem)]


BOTH = [row["question"] for row in ROWS]


def zst(content):
    pyarrow = pytest.importorskip("pyarrow")
    packed = pyarrow.BufferOutputStream()
    with pyarrow.CompressedOutputStream(packed, "zstd") as out:
        out.write(content)
    return packed.getvalue().to_pybytes()


def table(separator, header=True):
    rows = [("question", "answer")] if header else []
    rows += [(row["question"], row["answer"].replace("\n", " ")) for row in ROWS]
    return "".join(separator.join(f'"{cell}"' for cell in row) + "\n" for row in rows)


PANDAS = {
    "columns": {key: {str(at): row[key] for at, row in enumerate(ROWS)} for key in ROWS[0]},
    "records": ROWS,
    "index": {str(at): row for at, row in enumerate(ROWS)},
    "split": {"columns": list(ROWS[0]), "index": [0, 1], "data": [list(row.values()) for row in ROWS]},
    "list": {key: [row[key] for row in ROWS] for key in ROWS[0]},
    "table": {"schema": {"fields": []}, "data": ROWS},
}
FILES = {
    "plain": ("a.jsonl", LINES.encode()),
    "gz": ("a.jsonl.gz", gzip.compress(LINES.encode())),
    "gz of two members": ("a.jsonl.gz", b"".join(gzip.compress(line.encode()) for line in LINES.splitlines(True))),
    "bz2": ("a.jsonl.bz2", bz2.compress(LINES.encode())),
    "xz": ("a.json.xz", lzma.compress(json.dumps(ROWS).encode())),
    "utf-8 with BOM": ("a.jsonl", LINES.encode("utf-8-sig")),
    "utf-16": ("a.jsonl", LINES.encode("utf-16")),
    "utf-16 big-endian without BOM": ("a.jsonl", LINES.encode("utf-16-be")),
    "utf-16 json": ("a.json", json.dumps(ROWS).encode("utf-16")),
    "utf-16 csv": ("a.csv", table(",").encode("utf-16")),
    "nan": ("a.jsonl", LINES.replace("}", ', "score": NaN, "low": -Infinity}').encode()),
    "jsonl named json": ("a.json", LINES.encode()),
    "array in jsonl": ("a.jsonl", json.dumps(ROWS).encode()),
    "indented array in jsonl": ("a.jsonl", json.dumps(ROWS, indent=1).encode()),
    "capital suffix": ("A.JSONL", LINES.encode()),
    "csv": ("a.csv", table(",").encode()),
    "semicolons": ("a.csv", table(";").encode()),
    "semicolons as Excel says": ("a.csv", ("sep=;\n" + table(";")).encode("utf-8-sig")),
    "tabs": ("a.tsv", table("\t").encode()),
    "csv.gz": ("a.csv.gz", gzip.compress(table(",").encode())),
    **{f"pandas {orient}": ("a.json", json.dumps(value).encode()) for orient, value in PANDAS.items()},
}


@pytest.mark.parametrize("kind", FILES)
def test_every_form_of_a_file_has_the_same_rows(tmp_path, kind):
    name, content = FILES[kind]
    (tmp_path / name).write_bytes(content)
    assert questions(tmp_path / name) == BOTH


def test_zst_is_unpacked(tmp_path):
    (tmp_path / "a.jsonl.zst").write_bytes(zst(LINES.encode()))
    assert questions(tmp_path / "a.jsonl.zst") == BOTH


def test_a_table_of_questions_and_numbers_needs_no_header(tmp_path):
    (tmp_path / "mgsm_de.tsv").write_text("Was ist 2 und 3?\t5\nWas ist 2.000 und 3?\t2,003\n", "utf-8")
    items = list(open_problems(str(tmp_path / "mgsm_de.tsv"), "eval", solved=False))
    assert [(item.question[:13], item.answer) for item in items] == [("Was ist 2 und", "5"), ("Was ist 2.000", "2,003")]


@pytest.mark.parametrize(("split", "expected"), [("train", BOTH), ("test", [OTHER[0]["question"]])])
def test_splits_in_one_file_are_obeyed(tmp_path, split, expected):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"train": ROWS, "test": OTHER}), "utf-8")
    assert questions(path, split=split) == expected
    with pytest.raises(DataError, match=r"no split 'validation'; choose one with --split: test, train"):
        questions(path, split="validation")


def test_splits_of_a_folder_are_obeyed(tmp_path):
    for name, rows in (("train/algebra/1.json", ROWS[0]), ("train/algebra/2.json", ROWS[1]), ("test/1.json", OTHER[0])):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(json.dumps(rows), "utf-8")
    (tmp_path / "README.txt").write_text("about", "utf-8")
    assert questions(tmp_path) == BOTH
    assert questions(tmp_path, split="test") == [OTHER[0]["question"]]
    with pytest.raises(DataError, match="no split 'dev'"):
        questions(tmp_path, split="dev")


def test_several_files_are_read_in_their_order(tmp_path):
    for name, rows in (("b.jsonl", ROWS), ("a.json", OTHER)):
        (tmp_path / name).write_text("\n".join(map(json.dumps, rows)), "utf-8")
    both = f"{tmp_path / 'b.jsonl'},{tmp_path / 'a.json'}"
    assert questions(both) == [*BOTH, OTHER[0]["question"]]
    assert questions(tmp_path / "*.json*") == [OTHER[0]["question"], *BOTH]
    config = parse(["augment", "b.jsonl", "a.json", "--columns", "question={a}, {b},answer=c[0].d"])
    assert config is not None
    assert (config.data, config.columns) == ("b.jsonl,a.json", {"question": "{a}, {b}", "answer": "c[0].d"})
    source = open_problems(both, "augment")
    before = source.fingerprint()
    (tmp_path / "a.json").write_text(json.dumps(ROWS), "utf-8")
    assert source.fingerprint() != before
    with pytest.raises(DataError, match=r"c\.jsonl does not exist"):
        open_problems(f"{tmp_path / 'b.jsonl'},c.jsonl", "augment")


@pytest.mark.parametrize("content", [LINES, json.dumps(ROWS, indent=1), table(",")])
def test_the_standard_input_can_be_read_twice(monkeypatch, content):
    streams.standard_input.cache_clear()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    source = open_problems("-", "augment")
    assert (source.name, len(source.fingerprint()) > 8) == ("standard input", True)
    assert questions("-") == questions("-") == BOTH
    streams.standard_input.cache_clear()


CONFIGS = (
    "---\nconfigs:\n- config_name: main\n  data_files: main.jsonl\n- config_name: hard\n  data_files: hard.jsonl\n---\n"
)


def test_a_configuration_is_chosen_and_the_error_lists_them(tmp_path):
    pytest.importorskip("datasets")
    (tmp_path / "README.md").write_text(CONFIGS, "utf-8")
    for name, rows in (("main", ROWS), ("hard", OTHER)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    assert questions(f"{tmp_path}:main") == questions(tmp_path, config="main") == BOTH
    assert questions(tmp_path, config="hard") == [OTHER[0]["question"]]
    with pytest.raises(DataError, match=r"several configurations; choose one of main, hard, .*--config main.*: train"):
        questions(tmp_path)
    with pytest.raises(DataError, match=r"no configuration 'nix'; choose one of main, hard"):
        questions(tmp_path, config="nix")
    with pytest.raises(DataError, match=r"no split 'test'.*--split: train"):
        questions(tmp_path, config="main", split="test")


def test_a_data_set_of_the_hub_gets_its_configuration_and_split(monkeypatch):
    datasets = pytest.importorskip("datasets")
    asked = []
    monkeypatch.setattr(datasets, "get_dataset_config_names", lambda name: ["main", "socratic"])
    monkeypatch.setattr(datasets, "get_dataset_split_names", lambda name, config: ["train", "test"])
    monkeypatch.setattr(datasets, "load_dataset", lambda *names, **how: asked.append((names, how["split"])) or ROWS)
    assert (
        questions("openai/gsm8k:main", split="test") == questions("openai/gsm8k", config="main", split="test") == BOTH
    )
    assert asked == [(("openai/gsm8k", "main"), "test")] * 2
    with pytest.raises(DataError, match=r"openai/gsm8k has several configurations; choose one of main, socratic"):
        questions("openai/gsm8k")


BROKEN = {
    "cut gz": ("a.jsonl.gz", gzip.compress(LINES.encode())[:-12], "can't be unpacked"),
    "no gz": ("a.jsonl.gz", b"hello, world", "can't be unpacked"),
    "no xz": ("a.json.xz", b"hello, world", "can't be unpacked"),
    "half a utf-16": ("a.jsonl", LINES.encode("utf-16")[:-41] + b"\x00\xd8\x00\xd8", "UTF-16"),
    "empty folder": ("sub/a.txt", b"", "holds no data"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_broken_is_one_line(tmp_path, kind):
    name, content, message = BROKEN[kind]
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as error:
        questions(path.parent if name.startswith("sub") else path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("unit", [b"0", b"\n", b'{"question": "q", "answer": "1 + 1 = 2"}' + b" " * 4000 + b"\n"])
def test_a_file_that_unpacks_without_end_is_one_line(tmp_path, monkeypatch, unit):
    monkeypatch.setattr(streams, "_MOST_UNPACKED", 2**20)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(unit * (2**21 // len(unit))))
    with pytest.raises(DataError, match="unpacks to more than") as error:
        questions(tmp_path / "a.jsonl.gz")
    assert "\n" not in str(error.value)


def test_a_line_without_end_costs_one_row(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "LONGEST_LINE", 1000)
    lines = [json.dumps(ROWS[0]), json.dumps({**OTHER[0], "note": "x" * 5000}), json.dumps(ROWS[1])]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), "utf-8")
    problems, rejections = [], []
    for item in open_problems(str(tmp_path / "a.jsonl"), "augment"):
        (problems if isinstance(item, Problem) else rejections).append(item)
    assert [problem.question for problem in problems] == BOTH
    assert [(rejection.reason, rejection.detail[:16]) for rejection in rejections] == [
        ("line_too_long", "a.jsonl, line 2:")
    ]
