"""What `build-sft` leaves out and mixes in: near-duplicates, test questions, shares of right solutions."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sft_data import CLIPS, FIX, RESTART, answer_of, correction, erroneous, lemma, lines, write_run

from lemma.dataset.mixing import RightSolutions, share_quota, spread_quota
from lemma.problems.similarity import NearDuplicates, TestQuestions, words_of
from lemma.records import Solution
from lemma.rundir.disk import json_line, to_line
from lemma.rundir.lines import fingerprint

ROWS = "Maria plants 4 rows of 25 seeds and 5 seeds are lost on the way to the garden. 4 * 25 - 5 = 95"


@pytest.mark.parametrize(
    ("text", "duplicate"),
    [
        (ROWS, True),
        (ROWS.upper() + "!", True),
        (ROWS.replace("on the way", "on their way"), True),
        (ROWS.replace("95", "96"), False),
        (ROWS.replace("4 * 25", "25 * 4"), False),
        (ROWS.replace("- 5", "+ 5"), False),
        ("On 4 days 25 people come, 5 of them late, to see the show. 4 * 25 - 5 = 95", False),
        ("", False),
    ],
)
def test_near_duplicates_have_the_same_numbers_and_nearly_the_same_words(text: str, duplicate: bool) -> None:
    seen = NearDuplicates(0.6, (ROWS, text).__getitem__)
    assert seen.find_or_add(0) is None
    assert seen.find_or_add(1) == (0 if duplicate else None)


def shingles(text: str) -> set[tuple[str, ...]]:
    words = words_of(text)
    return {tuple(words[start : start + 3]) for start in range(max(1, len(words) - 2))}


def alike(one: str, other: str) -> float:
    return len(shingles(one) & shingles(other)) / len(shingles(one) | shingles(other))


WORDY = st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=12).map(" ".join)


@given(st.lists(WORDY, max_size=12), st.sampled_from([0.3, 0.5, 0.9, 1.0]))
def test_prefix_filtering_finds_what_comparing_all_pairs_finds(texts: list[str], threshold: float) -> None:
    seen = NearDuplicates(threshold, texts.__getitem__)
    kept: list[int] = []
    for number, text in enumerate(texts):
        expected = next((other for other in kept if alike(text, texts[other]) >= threshold), None)
        assert seen.find_or_add(number) == expected
        if expected is None:
            kept.append(number)


@given(st.lists(st.integers(1, 3), max_size=60), st.sampled_from([0.05, 0.1, 0.3, 0.5, 0.7, 0.95]), st.integers(1, 5))
def test_a_share_holds_all_through_the_file(sizes: list[int], share: float, there: int) -> None:
    right = RightSolutions(range(there), share_quota(share), 7, "lemma")
    errors = 0
    came: list[int] = []
    for size in sizes:
        came += right.next_ones(size)
        errors += size
        assert abs(len(came) - share * (errors + len(came))) < 1 / (1 - share)
    laps = [came[start : start + there] for start in range(0, len(came), there)]
    for lap in laps:
        assert len(set(lap)) == len(lap)
    if len(came) >= there:
        assert set(laps[0]) == set(range(there))


@given(st.integers(0, 50), st.integers(1, 50))
def test_spread_solutions_come_once_each_and_evenly(there: int, errors: int) -> None:
    right = RightSolutions(range(there), spread_quota(there, errors), 7, "cot")
    groups = [right.next_ones(1) for _ in range(errors)]
    assert sorted(entry for group in groups for entry in group) == list(range(there))
    assert all(abs(len(one) - len(other)) <= 1 for one, other in pairwise(groups))


TEST_QUESTION = "A farmer has 12 cows and 30 sheep, and every cow eats 7 kilograms of hay."


@pytest.mark.parametrize(
    ("question", "overlaps"),
    [
        (TEST_QUESTION, True),
        ("My uncle, A FARMER, HAS 12 COWS AND 30 SHEEP; how many animals is that?", True),
        ("A farmer has 12 cows and 31 sheep, and every cow eats 7 kilograms of hay.", True),
        ("A farmer has 12 cows and 31 sheep, and every cow eats 8 kilograms of hay.", False),
        ("What is 6 times 7?", True),
        ("what is 6 times 7", True),
        ("What is 6 times 8?", False),
        ("Tell me, what is 6 times 7?", False),
    ],
)
def test_overlap_with_a_test_set(tmp_path: Path, question: str, overlaps: bool) -> None:
    file = tmp_path / "test.jsonl"
    rows = ({"question": TEST_QUESTION, "answer": "#### 84"}, {"question": "What is 6 times 7?", "answer": "42"})
    file.write_bytes(b"\n".join(map(orjson.dumps, rows)))
    found = TestQuestions([str(file)], "build-sft").overlap(question)
    assert (found is not None) == overlaps
    assert found is None or found.endswith("stands in test.jsonl")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Two problems; the first with two errors of which the second says the same as the first."""
    twin = erroneous(id="e2", steps=(CLIPS.steps[0], CLIPS.steps[1].replace("In both", "In the two")))
    other = erroneous(
        id="e3", problem_id="p2", question="Omar shares 48 nuts among 2 squirrels, then adds 24. And now?"
    )
    made = [FIX, RESTART]
    for number, error in (("3", "e2"), ("4", "e3")):
        made.append(correction(id=f"c{number}", erroneous_id=error))
    return write_run(tmp_path / "run", [CLIPS, twin, other], made)


def rejected(run: Path) -> list[tuple[str, str, str]]:
    return [(line["id"], line["reason"], line["detail"]) for line in lines(run / "rejected.jsonl")]


def test_a_near_duplicate_is_rejected_with_what_it_resembles(run: Path) -> None:
    assert lemma("build-sft", "--run", run, "--near-duplicates", "0.6") == 0
    assert rejected(run) == [("e2", "near_duplicate", "of e1")]
    assert [line["erroneous_id"] for line in lines(run / "sft" / "lemma.jsonl")] == ["e1", "e1", "e3"]


def test_excluded_questions_are_in_no_file(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    test_set = tmp_path / "test.jsonl"
    test_set.write_bytes(orjson.dumps({"question": CLIPS.question, "answer": "72"}))
    command = ("build-sft", "--run", run, "--records", "lemma,cot,prm,critique", "--mix", "cot=0.5")
    assert lemma(*command, "--exclude", test_set) == 0
    reasons = [(record, reason) for record, reason, _ in rejected(run)]
    assert reasons == [("e1", "overlaps_excluded"), ("e2", "overlaps_excluded")]
    assert "2  overlaps_excluded" in capsys.readouterr().out
    for file in (run / "sft").glob("*.jsonl"):
        assert file.stat().st_size
        assert b"Natalia" not in file.read_bytes()


def test_a_test_set_that_has_changed_is_noticed(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    test_set = tmp_path / "test.jsonl"
    test_set.write_bytes(orjson.dumps({"question": "What is 6 times 7?", "answer": "42"}))
    assert lemma("build-sft", "--run", run, "--exclude", test_set) == 0
    before = fingerprint(run / "sft" / "lemma.jsonl")
    test_set.write_bytes(orjson.dumps({"question": "What is 6 times 8?", "answer": "48"}))
    assert lemma("build-sft", "--run", run, "--exclude", test_set) == 1
    assert "exclude" in capsys.readouterr().err
    assert fingerprint(run / "sft" / "lemma.jsonl") == before


def test_mixed_in_solutions_are_right_and_make_up_their_share(tmp_path: Path) -> None:
    assert lemma("augment", "--run", tmp_path) == 0
    assert lemma("build-sft", "--run", tmp_path, "--mix", "cot=0.25", "--records", "lemma,cot") == 0
    made = lines(tmp_path / "sft" / "lemma.jsonl")
    plain = [line for line in made if line["erroneous_id"] is None]
    assert abs(len(plain) / len(made) - 0.25) < 1 / len(made)
    solutions = {answer_of(line) for line in lines(tmp_path / "sft" / "cot.jsonl")}
    assert {answer_of(line) for line in plain} <= solutions


OWN = {"origin": "student", "evidence": "graph", "confidence": 0.9, "model": "student"}


def own_right(number: int, problem_id: str = "p1", april: int = 48) -> Solution:
    half = april // 2
    text = f"Natalia, day {number}: {april} / 2 = <<{april}/2={half}>>{half}, and 48 + {half} = {48 + half} clips."
    return Solution(
        id=f"s{number}", problem_id=problem_id, steps=(text,), final_answer="72", verdict="equal",
        origin="student", model="student",
    )  # fmt: skip


def test_verifications_are_half_right_and_own_errors_go_with_own_right_solutions(run: Path) -> None:
    own = erroneous(id="e4", steps=("She sold 48 + 2 = 50 clips in May.", "Altogether 98."), error_step=0, **OWN)
    unlocated = erroneous(id="e5", steps=("She sold 96 clips.",), error_step=None, final_answer="96", **OWN)
    errors = [*lines(run / "erroneous.jsonl"), own.model_dump(), unlocated.model_dump()]
    (run / "erroneous.jsonl").write_bytes(b"".join(map(json_line, errors)))
    rights = (own_right(2), own_right(3), own_right(4, "p9"), own_right(5, april=40))  # the last two are not proven
    (run / "solutions.jsonl").write_bytes(b"".join(map(to_line, rights)))
    command = ("build-sft", "--run", run, "--records", "verification", "--near-duplicates", "1")
    assert lemma(*command) == 0
    made = lines(run / "sft" / "verification.jsonl")
    wrong = [line for line in made if line["erroneous_id"] is not None]
    assert [line["erroneous_id"] for line in wrong] == ["e1", "e2", "e3", "e4", "e5"], "a correction is not needed"
    right = [line for line in made if line["erroneous_id"] is None]
    assert [answer_of(line) for line in right] == ["Verdict: right"] * 5
    shown = [re.findall(r"Natalia, day (\d)", line["prompt"][0]["content"]) for line in right]
    assert sorted(shown) == [[], [], [], ["2"], ["3"]]
    assert shown[:3] == [[], [], []]
    assert not any("<<" in line["prompt"][0]["content"] for line in right), "right ones look as wrong ones do"
    before = (run / "sft" / "verification.jsonl").read_bytes()
    assert lemma(*command, "--fresh") == 0
    assert (run / "sft" / "verification.jsonl").read_bytes() == before


def test_of_near_duplicates_the_students_own_is_kept(run: Path) -> None:
    own = erroneous(id="e4", steps=CLIPS.steps, **OWN)
    errors = [*lines(run / "erroneous.jsonl"), own.model_dump()]
    (run / "erroneous.jsonl").write_bytes(b"".join(map(json_line, errors)))
    assert lemma("build-sft", "--run", run, "--records", "verification", "--near-duplicates", "0.6") == 0
    assert rejected(run) == [("e1", "near_duplicate", "of e4"), ("e2", "near_duplicate", "of e4")]


def test_the_share_of_injected_errors_is_said(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lemma("build-sft", "--run", run) == 0
    said = capsys.readouterr().out
    assert "errors: 0% the student's own (0), 100% injected (3)" in said
    assert "warning: all errors are injected" in said
    own = erroneous(id="e4", steps=("She sold 48 + 2 = 50 clips in May.", "Altogether 98."), error_step=0, **OWN)
    errors = [*lines(run / "erroneous.jsonl"), own.model_dump()]
    (run / "erroneous.jsonl").write_bytes(b"".join(map(json_line, errors)))
    assert lemma("build-sft", "--run", run, "--records", "prm", "--fresh", "--near-duplicates", "1") == 0
    said = capsys.readouterr().out
    assert "errors: 25% the student's own (1), 75% injected (3)" in said
    assert "warning" not in said
