"""`lemma report`: its figures are the files', its samples are fair, and no record can become part of the page."""

from __future__ import annotations

import doctest
import errno
import os
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sft_data import add_near_duplicate

from lemma.cli import main
from lemma.commands.report import histogram
from lemma.report import computation, diff
from lemma.report.computation import compare_computations
from lemma.report.diff import marked_steps
from lemma.report.page import render_page
from lemma.report.samples import StratifiedDraw
from lemma.taxonomy.places import PLACES, place_name
from lemma.visible_text import one_line

DATA = re.compile(rb'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)


def lines(path: Path) -> list[dict]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def data_of(page: Path) -> dict:
    content = page.read_bytes()
    found = DATA.findall(content)
    assert len(found) == 1 and content.count(b"<script") == 2
    return orjson.loads(found[0])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Problems of the bundled sample, from augment to build-sft, with their report."""
    run = tmp_path_factory.mktemp("report") / "run"
    assert main(["augment", "--run", str(run), "--limit", "30", "--per-problem", "8", "--workers", "1"]) == 0
    add_near_duplicate(run)
    assert main(["build-sft", "--run", str(run), "--workers", "1", "--near-duplicates", "0.6"]) == 0
    assert main(["report", "--run", str(run)]) == 0
    return run


@pytest.mark.parametrize("module", [diff, computation])
def test_examples_in_docstrings(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


def test_figures_are_those_of_the_files(built: Path) -> None:
    data = data_of(built / "report.html")
    erroneous, records = lines(built / "erroneous.jsonl"), lines(built / "sft/lemma.jsonl")
    rejected = lines(built / "rejected.jsonl")
    assert data["problems"] == len(lines(built / "problems.jsonl"))
    assert data["erroneous"] == len(erroneous) == len(data["samples"])
    assert data["made_types"] == Counter(line["error_type"] for line in erroneous)
    assert data["corrections"] == Counter(line["strategy"] for line in lines(built / "corrections.jsonl"))
    assert data["records"] == {"lemma": len(records)}
    assert sum(bar[2] for bar in data["steps"]) == len(erroneous)
    assert {bar[0]: bar[2] for bar in data["error_places"]} == Counter(line["error_step"] + 1 for line in erroneous)
    assert {place: made for place, made, _ in data["places"]} == dict.fromkeys(PLACES, 0) | Counter(
        place_name(line["error_step"], len(line["steps"])) for line in erroneous
    )
    assert data["reflections"] == sum(part["kind"] == "reflection" for line in records for part in line["segments"])
    assert {found["reason"]: found["count"] for found in data["rejections"]} == Counter(
        line["reason"] for line in rejected
    )
    assert data["near_duplicates"] == sum(line["reason"] == "near_duplicate" for line in rejected) > 0
    ids = {line["id"]: line["steps"] for line in erroneous}
    for pair in data["duplicates"]:
        assert all(ids[found[0]] == found[1:] for found in (pair["left_out"], pair["kept"]))
    manifest = orjson.loads((built / "run.json").read_bytes())
    assert [stage["stage"] for stage in data["stages"]] == ["augment", "correct", "build-sft"]
    assert sum(data["asked"].values()) == sum(manifest["stages"]["augment"]["counts"]["types asked"].values())


def test_samples_are_the_records_whole_and_marked(built: Path) -> None:
    erroneous = {line["id"]: line for line in lines(built / "erroneous.jsonl")}
    answers = Counter(
        (line["erroneous_id"], line["strategy"], line["completion"][0]["content"])
        for line in lines(built / "sft/lemma.jsonl")
    )
    shown: Counter[tuple[str, str, str]] = Counter()
    for sample in data_of(built / "report.html")["samples"]:
        line = erroneous[sample["id"]]
        steps = ["".join(piece[0] for piece in pieces) for pieces in sample["steps"]]
        assert steps == line["steps"] and sample["reference"] == line["reference_steps"]
        changed = [piece for pieces in sample["steps"][: sample["at"]] for piece in pieces if len(piece) > 1]
        assert not changed, "what comes before the first wrong step is right"
        for trajectory in sample["trajectories"]:
            parts = [
                steps[text] if isinstance(text, int) else text
                for segment in trajectory["segments"]
                for text in segment[1:]
            ]
            shown[sample["id"], trajectory["strategy"], "\n".join(parts)] += 1
        assert sample["graph"], "all of the sample's arithmetic can be followed"
    assert shown >= answers
    without_records = {key[0] for key in shown - answers}
    left_out = {line["id"] for line in lines(built / "rejected.jsonl") if line["stage"] == "build-sft"}
    assert without_records == left_out


def test_same_input_and_seed_give_the_same_bytes(built: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        page = tmp_path / f"{name}.html"
        assert main(["report", "--run", str(built), "--output", str(page), "--samples", "20", "--seed", "3"]) == 0
    assert (tmp_path / "first.html").read_bytes() == (tmp_path / "second.html").read_bytes()
    assert data_of(tmp_path / "first.html")["samples"] != data_of(built / "report.html")["samples"]


@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=8),
    most=st.integers(1, 60),
    seed=st.integers(0, 3),
    order=st.randoms(use_true_random=False),
)
def test_the_draw_is_fair_and_does_not_depend_on_the_order(sizes: list[int], most: int, seed: int, order) -> None:
    records = [((str(kind),), f"{kind}-{n}", 1000 * kind + n) for kind, size in enumerate(sizes) for n in range(size)]
    places = []
    for _ in range(2):
        draw = StratifiedDraw(most, seed)
        for record in records:
            draw.offer(*record)
        places.append(draw.places())
        order.shuffle(records)
    assert places[0] == places[1]
    drawn = Counter(place // 1000 for place in places[0])
    assert drawn.total() == min(most, sum(sizes))
    assert all(drawn[kind] in (size, *range(max(drawn.values()) - 1, size)) for kind, size in enumerate(sizes))


@given(st.dictionaries(st.integers(0, 10**6), st.integers(1, 10**5), min_size=1, max_size=50))
def test_ahistogram_loses_nothing(values: dict[int, int]) -> None:
    bars = histogram(Counter(values))
    assert sum(bar[2] for bar in bars) == sum(values.values())
    assert len(bars) <= 31 and bars[0][0] <= min(values) and bars[-1][1] >= max(values)
    assert all(left[1] + 1 == right[0] for left, right in pairwise(bars))


@given(st.lists(st.text(max_size=30), max_size=6), st.lists(st.text(max_size=30), max_size=6))
def test_marks_change_no_text(reference: list[str], steps: list[str]) -> None:
    assert ["".join(piece.text for piece in pieces) for pieces in marked_steps(reference, steps)] == steps


GRAPHS = [
    ("operator", ["Hal has 3 + 4 = 7 pens.", "He needs 10 - 7 = 3."],
     ["Hal has 3 * 4 = 12 pens.", "He needs 12 - 10 = 2."], 0, ["changed", "reached"]),
    ("left out", ["Hal has 3 + 4 = 7 pens.", "With 7 + 2 = 9.", "He needs 10 - 9 = 1."],
     ["Hal has 3 + 4 = 7 pens.", "He needs 10 - 7 = 3."], 1, ["same", "left out", "changed"]),
    ("added", ["Hal has 3 + 4 = 7 pens.", "He needs 10 - 7 = 3."],
     ["Hal has 3 + 4 = 7 pens.", "This means that Hal has 8 pens.", "He needs 10 - 8 = 2."], 1,
     ["same", "reached", "added"]),
    ("not followed", ["Hal has 3 + 4 = 8 pens.", "He needs 10 - 8 = 2."], ["Hal has 3."], 0, []),
]  # fmt: skip


@pytest.mark.parametrize(("name", "reference", "steps", "at", "states"), GRAPHS, ids=[row[0] for row in GRAPHS])
def test_what_the_graph_says(name: str, reference: list[str], steps: list[str], at: int, states: list[str]) -> None:
    gold = "1" if name == "left out" else "3"
    nodes = compare_computations("Hal has 3 red and 4 blue pens and needs 10.", reference, gold, steps, at)
    assert [node.state for node in nodes] == states
    if name == "added":
        assert nodes[1].inputs == (0, 2), "the added step is where the new number comes from"
    elif nodes:
        assert nodes[-1].inputs and nodes[-1].answer


HOSTILE = [
    "</script><script>document.title='owned'</script>", "<!-- style --><!-- data -->", "<img src=x onerror=alert(1)>",
    "\\ud800 lone", "&lt;b&gt; &amp; \u2028 \u2029 \x00 \x1b[31m", "__proto__", "constructor", "</ScRiPt >", "]]>",
    "{{7*7}}",
]  # fmt: skip


def hostile_run(folder: Path) -> Path:
    """Records whose every field tries something, lines of broken JSON, broken UTF-8 and lone surrogates."""
    folder.mkdir()
    erroneous = b""
    for number, text in enumerate(HOSTILE):
        line = {
            "id": f"{number}{text}", "problem_id": text, "question": text, "gold_answer": text, "origin": "teacher",
            "reference_steps": [text], "steps": [text, text], "error_step": 1, "error_type": text, "explanation": text,
            "final_answer": text, "model": text,
        }  # fmt: skip
        erroneous += orjson.dumps(line).replace(b"\\\\ud800", b"\\ud800") + b"\n"
    broken = (
        b'{"id": "\xff\xfe", "origin": 1e999, "error_type": [], "steps": {}, "error_step": true}\nnull\n{"a": NaN\n'
    )
    (folder / "erroneous.jsonl").write_bytes(erroneous + broken + b'{"id": "torn')
    rejections = [{"stage": text, "reason": text, "detail": text, "id": text} for text in HOSTILE]
    (folder / "rejected.jsonl").write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in rejections))
    (folder / "run.json").write_text(
        '{"stages": {"</script>": {"seconds": 1e999, "made": {"<b>": 3, "x": "y"}}, "augment": [], '
        '"train": {"settings": 3}}}'
    )
    (folder / "distribution.json").write_text("[" * 100_000)
    (folder / "reflections.json").write_text(
        '{"model": "</script>", "trajectories": NaN, "perplexity": {"model": {"mean": "x", "low": 1e999}, "typed": 3}}'
    )
    evaluation = folder / "eval" / "<b>"
    evaluation.mkdir(parents=True)
    (evaluation / "results.json").write_text('{"figures": [3, {}, {"value": NaN, "suite": "</script>"}]}')
    (evaluation.parent / "a-against-b.json").write_text('[{"difference": 3}, {"first": 1, "difference": {"p": "x"}}]')
    checkpoint = folder / "model" / "checkpoint-3"
    checkpoint.mkdir(parents=True)
    (checkpoint / "trainer_state.json").write_text('{"log_history": [{"loss": NaN, "step": 1}, {"loss": "x"}, 3]}')
    return folder


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    run = hostile_run(tmp_path / "run")
    assert main(["report", "--run", str(run)]) == 0
    data = data_of(run / "report.html")
    whole = [text.replace("\\ud800", "\ufffd\ufffd\ufffd") for text in HOSTILE]
    assert sorted(sample["question"] for sample in data["samples"]) == sorted(whole)
    assert data["erroneous"] == len(HOSTILE) + 1
    # Of three bad lines two are no objects and one is no record; a torn end is a stage at work.
    assert data["unreadable"] == {"erroneous.jsonl": 3, "distribution.json": 1}
    assert data["losses"] == [] and len(data["comparisons"][0]["rows"]) == 2


def test_phrases_chosen_in_each_way_are_compared(tmp_path: Path) -> None:
    assert main(["augment", "--run", str(tmp_path), "--limit", "12"]) == 0
    assert main(["build-sft", "--run", str(tmp_path), "--workers", "1"]) == 0
    figures = {
        way: {"value": mean, "low": mean - 1, "high": mean + 1} for way, mean in (("model", 5.0), ("random", 7.0))
    }
    difference = {"random": {"value": -0.25, "low": -0.375, "high": -0.125}}
    content = {"model": "m", "trajectories": 500, "perplexity": figures, "difference": difference}
    (tmp_path / "reflections.json").write_bytes(orjson.dumps(content))
    assert main(["report", "--run", str(tmp_path)]) == 0
    assert data_of(tmp_path / "report.html")["chosen_phrases"] == content


@pytest.mark.parametrize("title", ["</title><script>x</script>", "<!-- data -->", '"&<'])
def test_a_title_is_text(title: str) -> None:
    page = render_page(title, {"title": title}).decode()
    assert page.count("<script") == 2 and page.count("</title>") == 1 and page.count('id="data"') == 1


def test_a_directory_without_anything_in_it_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--run", str(tmp_path)]) == 1
    assert "holds no files of a lemma command" in capsys.readouterr().err


def test_without_a_run_directory_everything_is_made_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["report"]) == 0
    assert data_of(tmp_path / "lemma-run" / "report.html")["records"]["lemma"] > 0


NAMES = ["[bold]x[", "[/dim]y", "a\x1b[2Jb", "two\nlines", "[link=http:", "\udcff", "{0.__class__}"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_a_run_directory_is_shown_as_it_is(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    run = tmp_path / name
    run.mkdir(parents=True)
    for file in ("problems.jsonl", "erroneous.jsonl"):
        (run / file).write_bytes((built / file).read_bytes())
    assert main(["report", "--run", str(run), "--samples", "1"]) == 0
    assert (run / "report.html").is_file()
    said = capsys.readouterr().out.splitlines()
    assert f"wrote     {one_line(str(run / 'report.html'))}" in said
    assert all(character.isprintable() for line in said for character in line)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_a_message_stays_on_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    (tmp_path / name).mkdir(parents=True)
    assert main(["report", "--run", str(tmp_path / name)]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and error.strip().isprintable() and one_line(name) in error


def no_room(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_said_in_one_line_and_leaves_the_old_page(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.html"
    page.write_text("the old page")
    monkeypatch.setattr("os.fsync", no_room)
    assert main(["report", "--run", str(built), "--output", str(page)]) == 1
    error = capsys.readouterr().err
    assert "No space left on device; write it elsewhere with --output" in error and error.count("\n") == 1
    assert page.read_text() == "the old page" and list(tmp_path.iterdir()) == [page]


def folder(place: Path) -> Path:
    place.mkdir()
    return place


@pytest.mark.parametrize(
    "place",
    [
        folder,
        lambda place: place / ("x" * 300),
        lambda place: Path("/proc/page.html"),
        lambda place: Path("/dev/null/x"),
    ],
    ids=["a folder", "too long", "read-only", "below a file"],
)
def test_a_page_that_cannot_be_written_is_said_in_one_line(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], place
) -> None:
    assert main(["report", "--run", str(built), "--samples", "1", "--output", str(place(tmp_path / "there"))]) == 1
    error = capsys.readouterr().err
    assert "the page cannot be written" in error and error.count("\n") == 1


def test_folders_in_place_of_files_are_counted(tmp_path: Path) -> None:
    for name in ("erroneous.jsonl", "run.json", "distribution.json", "sft/lemma.jsonl"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "problems.jsonl").write_text("{}\n")
    assert main(["report", "--run", str(tmp_path)]) == 0
    data = data_of(tmp_path / "report.html")
    assert data["problems"] == 1 and set(data["unreadable"]) == {"run.json", "distribution.json"}


def test_a_scripted_student_is_named_in_the_report(tmp_path: Path) -> None:
    assert main(["eval", "--run", str(tmp_path), "--suite", "accuracy", "-n", "0", "--limit", "5"]) == 0
    assert main(["report", "--run", str(tmp_path)]) == 0
    (found,) = data_of(tmp_path / "report.html")["evaluations"]
    assert found["scripted"] is True
    rows = {row["figure"]: row["label"] for row in found["figures"]}
    assert (rows["accuracy"], rows["no_answer"]) == ("accuracy (greedy)", "no answer (counted as wrong)")
