"""Reading problems: every form that people have them in, and every bad row by its place and reason."""

import csv
import json
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from lemma.cli import main
from lemma.exceptions import ConfigError, DataError, MissingExtraError
from lemma.problems.loading import open_problems
from lemma.records import Problem, Rejection

DATA = Path(os.environ.get("LEMMA_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))
GOOD = {"question": "How much is 2 and 3?", "answer": "It is 2 + 3 = <<2+3=5>>5.\n#### 5"}


def read(path, **options):
    items = list(open_problems(str(path), "augment", **options))
    return [item for item in items if isinstance(item, Problem)], [
        item for item in items if isinstance(item, Rejection)
    ]


def one(tmp_path, row, **options):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row), "utf-8")
    (problem,), rejected = read(path, **options)
    assert not rejected
    return problem.question, problem.solution, problem.answer


FORMS = [
    (GOOD, (GOOD["question"], GOOD["answer"], "5")),
    ({"problem": "How much?", "solution": r"It is $2+3=\boxed{5}$."}, ("How much?", r"It is $2+3=\boxed{5}$.", "5")),
    (
        {"problem": "How much?", "solution": r"It is $2+3=\boxed{5}$.", "answer": "5", "level": 1},
        ("How much?", r"It is $2+3=\boxed{5}$.", "5"),
    ),
    ({"instruction": "q", "input": "", "output": "So 2 + 3 = 5.", "answer": 5}, ("q", "So 2 + 3 = 5.", "5")),
    ({"query": "q", "response": "2 + 3 = 5\n#### 5"}, ("q", "2 + 3 = 5\n#### 5", "5")),
    ({"question": "q", "solution": "2 + 3 = 5", "final_answer": 5.0}, ("q", "2 + 3 = 5", "5")),
    ({"question": "q", "solution": "2 + 0.5 = 2.5", "answer": 2.5}, ("q", "2 + 0.5 = 2.5", "2.5")),
    ({"question": "q", "solution": "2 + 3 = 5", "answer": 10**18}, ("q", "2 + 3 = 5", str(10**18))),
    ({"question": " q ", "solution": "It is 2 + 3 = 5.", "answer": None}, ("q", "It is 2 + 3 = 5.", "5")),
    ({"question": "q", "rationale": "2 + 3 = 5", "answer": "5", "x": [1]}, ("q", "2 + 3 = 5", "5")),
]


@pytest.mark.parametrize(("row", "expected"), FORMS)
def test_columns_are_understood_as_they_are(tmp_path, row, expected):
    assert one(tmp_path, row) == expected


def test_other_columns_can_be_mapped(tmp_path):
    row = {"question": "not this", "Frage": "q", "Weg": "2 + 3 = 5", "Antwort": "5"}
    columns = {"question": "Frage", "solution": "Weg", "answer": "Antwort"}
    assert one(tmp_path, row, columns=columns) == ("q", "2 + 3 = 5", "5")


def test_svamp_tells_the_story_apart_from_the_question(tmp_path):
    row = {"Body": "Tom has 5 cats.", "Question": "How many has he?", "Answer": 5.0, "Equation": "5.0"}
    assert one(tmp_path, row, solved=False) == ("Tom has 5 cats. How many has he?", "", "5")
    path = tmp_path / "rows.jsonl"
    with pytest.raises(DataError, match=r"Answer, Body, Equation, Question"):
        read(path)


BAD = [
    (b'{"question": "q", "answer": }', "invalid_json", "line 2"),
    (b'{"question": "q"', "invalid_json", "line 2"),
    (b"\x00\x01", "invalid_json", "line 2"),
    (b'{"question": "q", "answer": NaN}', "empty_solution", "line 2"),
    (b'"a text"', "wrong_type", "str, expected an object"),
    (b"[1, 2]", "wrong_type", "list, expected an object"),
    (b"17", "wrong_type", "int, expected an object"),
    (b'{"question": "q \xff", "answer": "2"}', "not_utf8", "byte 16 is not UTF-8"),
    (b'{"answer": "2 + 3 = 5 #### 5"}', "missing_field", "no question among the columns answer"),
    (b'{"question": null, "answer": "2 + 3 = 5 #### 5"}', "missing_field", "no question"),
    (b'{"question": "  ", "answer": "2 + 3 = 5 #### 5"}', "empty_field", "question is empty"),
    (b'{"question": 7, "answer": "2 + 3 = 5 #### 5"}', "wrong_type", "question is int"),
    (b'{"question": ["q"], "answer": "2 + 3 = 5 #### 5"}', "wrong_type", "question is list"),
    (b'{"question": "q", "answer": true}', "wrong_type", "answer is bool"),
    (b'{"question": "q", "answer": {"value": 5}}', "wrong_type", "answer is dict"),
    (b'{"question": "q", "solution": {"x": 5}, "answer": "5"}', "wrong_type", "solution is dict"),
    (b'{"question": "q", "solution": 5, "answer": "5"}', "empty_solution", "the solution is only an answer"),
    (b'{"question": "q"}', "empty_solution", "there are no solution steps"),
    (b'{"question": "q", "answer": "5"}', "empty_solution", "there are no solution steps"),
    (b'{"question": "q", "answer": 5}', "empty_solution", "there are no solution steps"),
    (b'{"question": "q", "answer": "#### 5"}', "empty_solution", "there are no solution steps"),
    (b'{"question": "q", "solution": " \\n ", "answer": ""}', "empty_solution", "there are no solution steps"),
    (b'{"question": "q", "solution": "He thinks."}', "no_answer", "none was found in the solution"),
    (json.dumps(GOOD).encode(), "duplicate_problem", "earlier in the file"),
]


@pytest.mark.parametrize(("line", "reason", "detail"), BAD)
def test_a_bad_line_is_rejected_with_its_place_and_stops_nothing(tmp_path, line, reason, detail):
    path = tmp_path / "rows.jsonl"
    last = json.dumps({**GOOD, "question": "And now?"}).encode()
    path.write_bytes(b"\n".join((json.dumps(GOOD).encode(), line, b"", last, b"")))
    problems, (rejection,) = read(path)
    assert [problem.question for problem in problems] == [GOOD["question"], "And now?"]
    assert (rejection.stage, rejection.reason) == ("augment", reason)
    assert rejection.detail.startswith("rows.jsonl, line 2: ")
    assert detail in rejection.detail


def test_ids_do_not_depend_on_the_folder(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "rows.jsonl").write_bytes(json.dumps(GOOD).encode() + b"\n{\n")
    assert read(tmp_path / "a" / "rows.jsonl") == read(tmp_path / "b" / "rows.jsonl")
    assert read(tmp_path / "a" / "rows.jsonl")[0][0].source == "rows.jsonl"


def test_a_source_can_be_read_again_and_knows_when_its_file_changed(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(GOOD), "utf-8")
    source = open_problems(str(path), "augment")
    assert list(source) == list(source)
    before = source.fingerprint()
    path.write_text(json.dumps(GOOD) + "\n", "utf-8")
    assert source.fingerprint() != before


def test_a_byte_order_mark_costs_no_row(tmp_path):
    for name, text in (("rows.jsonl", json.dumps(GOOD)), ("rows.json", json.dumps([GOOD]))):
        (tmp_path / name).write_text(text, "utf-8-sig")
        assert len(read(tmp_path / name)[0]) == 1


JSON_FILES = [
    ([GOOD, {**GOOD, "question": "q"}], 2, 0),
    ({"data": [GOOD]}, 1, 0),
    ({"version": 1, "rows": [GOOD, 5]}, 1, 1),
    (GOOD, 1, 0),
    ([GOOD, GOOD, "x"], 1, 2),
]


@pytest.mark.parametrize(("content", "good", "bad"), JSON_FILES)
def test_json_files(tmp_path, content, good, bad):
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(content), "utf-8")
    problems, rejected = read(path)
    assert (len(problems), len(rejected)) == (good, bad)
    assert all(rejection.detail.startswith("rows.json, item ") for rejection in rejected)


def test_csv_files(tmp_path):
    path = tmp_path / "rows.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(
            [
                ("question", "answer"),
                (GOOD["question"], GOOD["answer"]),  # two lines in one cell
                ("q",),
                ("q", "2 + 3 = 5 #### 5", "too many"),
                ("", "2 + 3 = 5 #### 5"),
                ("z" * 200_000, "2 + 3 = 5 #### 5"),
                ("last", "2 + 3 = 5\n#### 5"),
            ]
        )
    with path.open("ab") as file:
        file.write(b'"caf\xe9","2 + 3 = 5 #### 5"\r\n')
    problems, rejected = read(path)
    assert [problem.question for problem in problems] == [GOOD["question"], "last"]
    assert problems[0].solution == GOOD["answer"]
    assert [(rejection.reason, rejection.detail.partition(":")[0]) for rejection in rejected] == [
        ("empty_solution", "rows.csv, row 3"),
        ("wrong_type", "rows.csv, row 4"),
        ("empty_field", "rows.csv, row 5"),
        ("invalid_csv", "rows.csv, row 6"),
        ("not_utf8", "rows.csv, row 8"),
    ]


def test_parquet_files(tmp_path):
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "rows.parquet"
    questions = pa.array([b"caf\xe9", GOOD["question"].encode(), None]).cast(pa.binary())
    raw = pa.Array.from_buffers(pa.string(), 3, questions.buffers())
    parquet.write_table(pa.table({"question": raw, "answer": [GOOD["answer"]] * 3}), path)
    problems, rejected = read(path)
    assert [problem.question for problem in problems] == [GOOD["question"]]
    assert [(rejection.reason, rejection.detail.partition(":")[0]) for rejection in rejected] == [
        ("not_utf8", "rows.parquet, row 1"),
        ("missing_field", "rows.parquet, row 3"),
    ]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\x00" * 40 + b"PAR1", b"no parquet at all"])
def test_what_is_no_parquet_file_is_one_line(tmp_path, content):
    pytest.importorskip("pyarrow")
    path = tmp_path / "rows.parquet"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"rows\.parquet: not a readable Parquet file"):
        read(path)


UNUSABLE = [
    ("rows.jsonl", b"", "columns found: none"),
    ("rows.jsonl", b"{\n{\n", r"2 of 2 rows rejected as invalid_json \(rows.jsonl, line 1: .*columns found: none"),
    (
        "rows.jsonl",
        b'{"frage": "q", "antwort": "5"}',
        r"as missing_field \(rows.jsonl, line 1: no question .*columns found: antwort, frage\. Name your columns",
    ),
    ("rows.json", b"[]", "columns found: none"),
    ("rows.json", b"{", "not JSON"),
    ("rows.json", b'{"a": 1}\n{"a": 2}', r"2 of 2 rows rejected as missing_field \(rows.json, line 1.*found: a"),
    ("rows.csv", b"", "columns found: none"),
    ("rows.csv", b"a,b\n1,2\n", "columns found: a, b"),
    ("rows.csv", b"x" * 200_000 + b",y\n", "first line is not the header"),
    ("rows.txt", b"hello", "unknown format"),
    ("rows", b"hello", "unknown format"),
]


@pytest.mark.parametrize(("name", "content", "message"), UNUSABLE)
def test_a_file_without_a_usable_line_is_an_error(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as error:
        read(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_run_directory_is_its_problems(tmp_path):
    """Its other files repeat them, some without annotations."""
    row = {"question": "How many are 3 and 4?", "answer": "3 + 4 = <<3+4=7>>7\n#### 7"}
    (tmp_path / "data.jsonl").write_text(json.dumps(row) + "\n")
    assert main(["augment", str(tmp_path / "data.jsonl"), "--run", str(tmp_path / "run"), "--workers", "1"]) == 0
    assert main(["build-sft", "--run", str(tmp_path / "run")]) == 0
    assert [problem.question for problem in open_problems(str(tmp_path / "run"), "augment")] == [row["question"]]


@pytest.mark.parametrize("data", ["missing.jsonl", "./missing", "/missing/rows", "missing.parquet", "a" * 300 + ".csv"])
def test_a_file_that_is_not_there_is_one_line(data):
    with pytest.raises(DataError, match="does not exist"):
        open_problems(data, "augment")


def test_a_column_role_that_does_not_exist_is_named():
    with pytest.raises(ConfigError, match=r"--columns query=.*question, solution or answer"):
        open_problems(None, "augment", {"query": "x"})


def test_a_mapped_column_that_does_not_exist_is_named(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(GOOD), "utf-8")
    rejections = []
    with pytest.raises(DataError, match="columns found: answer, question"):
        rejections += open_problems(str(path), "augment", {"question": "query"})


def test_a_data_set_folder_is_loaded_by_datasets(tmp_path):
    pytest.importorskip("datasets")
    folder = tmp_path / "own-math"
    folder.mkdir()
    rows = [GOOD, {**GOOD, "question": "And now?"}, {"question": "q", "answer": "5"}]
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    (folder / "test.jsonl").write_text(json.dumps({**GOOD, "question": "Tested?"}) + "\n", "utf-8")
    problems, (rejection,) = read(folder)
    assert [problem.question for problem in problems] == [GOOD["question"], "And now?"]
    assert problems[0].source == "own-math"
    assert rejection.reason == "empty_solution"
    assert [problem.question for problem in read(folder, split="test")[0]] == ["Tested?"]
    source = open_problems(str(folder), "augment")
    before = source.fingerprint()
    (folder / "train.jsonl").write_text(json.dumps(GOOD) + "\n", "utf-8")
    assert source.fingerprint() != before


@pytest.mark.parametrize("split", ["nonsense", "train[:"])
def test_a_split_that_is_not_there_is_one_line(tmp_path, split):
    pytest.importorskip("datasets")
    (tmp_path / "train.jsonl").write_text(json.dumps(GOOD) + "\n", "utf-8")
    with pytest.raises(DataError, match=r"has no split .*--split: train") as error:
        read(tmp_path, split=split)
    assert "\n" not in str(error.value)


def test_a_hub_that_cannot_be_reached_is_one_line(monkeypatch):
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(DataError, match="nobody/nothing: neither a file here nor a data set") as error:
        read("nobody/nothing")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("data", "package"), [("nobody/nothing", "datasets"), ("rows.parquet", "pyarrow")])
def test_a_package_that_is_missing_is_named_with_its_extra(tmp_path, monkeypatch, data, package):
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.parquet").write_bytes(b"")
    with pytest.raises(MissingExtraError, match=rf"{package} is not installed.*lemma-sft\[data\]") as error:
        read(data)
    assert str(error.value).startswith(f"{data} is no file or folder here") == (package == "datasets")


REAL = [
    ("gsm8k_train.jsonl", True, 6473, {}),
    ("math_500.jsonl", True, 500, {}),
    ("svamp.jsonl", False, 1000, {}),
]


@pytest.mark.parametrize(("name", "solved", "count", "reasons"), REAL)
def test_real_data_sets_are_read_whole(name, solved, count, reasons):
    if not (DATA / name).exists():
        pytest.skip(f"no {name} in {DATA}")
    problems, rejected = read(DATA / name, solved=solved)
    assert len(problems) == count
    assert Counter(rejection.reason for rejection in rejected) == reasons
    assert len({problem.id for problem in problems}) == count


def test_a_limit_hides_no_unusable_file(tmp_path, capsys):
    data = tmp_path / "problems.jsonl"
    data.write_text('{"question": "Why?"}\n' * 5)
    for words in ([], ["--limit", "2"]):
        assert main(["augment", str(data), "--run", str(tmp_path / "run"), "--fresh", *words]) == 1
        rows = 2 if words else 5
        assert f"holds no usable problem: {rows} of {rows} rows rejected" in capsys.readouterr().err
