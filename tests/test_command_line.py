"""The command line behaves as people expect: what it says next can be typed, what has no effect is refused."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from lemma.cli import main, parse
from lemma.config import AnalyzeConfig, AugmentConfig, BuildSftConfig, EvalConfig, SampleConfig, commands
from lemma.models.backend_choice import choose_backend
from lemma.options import option_of
from lemma.resources import BUNDLED


def typed(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a line prints."""
    words = shlex.split(line)
    assert words[0] == "lemma"
    capsys.readouterr()
    assert main(words[1:]) == 0, f"$ {line}\n{capsys.readouterr().err}"
    return capsys.readouterr().out


def next_lines(first: str, capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    """The commands that follow from the first, each typed as the one before it printed it."""
    line = first
    while line:
        yield line
        found = re.findall(r"^next      (.*)$", typed(line, capsys), re.MULTILINE)
        assert len(found) <= 1, "said once, for the command that was typed"
        line = found[0] if found else ""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which commands are typed, in a wide terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("run", ["", " --run 'my runs/first one'"])
def test_every_next_line_of_a_chain_works_as_it_is_printed(
    here: Path, run: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("trl")
    # Without data of one's own, `lemma train` would practice for minutes.
    (here / "own.jsonl").write_bytes((BUNDLED / "sample.jsonl").read_bytes())
    lines = []
    last = "eval" if run else "train"  # one training is enough
    for line in next_lines(f"lemma augment own.jsonl --per-problem 1 --limit 5{run}", capsys):
        lines.append(line)
        if line.startswith(f"lemma {last}"):
            break
    expected = ["augment", "build-sft", "train", "eval"]
    assert [line.split()[1] for line in lines] == expected[: expected.index(last) + 1]
    assert all(run in line for line in lines)
    assert (here / "lemma-run").exists() != bool(run)


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ("lemma sample --limit 9 -n 1", ["sample", "analyze", "augment"]),
        ("lemma generate -n 20 --run made", ["generate", "augment", "build-sft"]),
        ("lemma report", ["report", "show"]),
    ],
)
@pytest.mark.usefixtures("here")
def test_other_chains(first: str, expected: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    lines = []
    for line in next_lines(first, capsys):
        lines.append(line.split()[1])
        if len(lines) == len(expected):
            break
    assert lines == expected


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("augment --batch", "--batch has no effect without --teacher"),
        ("augment --budget-usd 5", "--budget-usd has no effect without --teacher"),
        ("augment --backend magic", "--backend has no effect without --teacher"),
        ("augment --max-in-flight 512", "--max-in-flight has no effect without --teacher"),
        ("augment --temperature 0.5", "--temperature has no effect without --teacher"),
        ("augment --student-share 0.5", "--student-share has no effect without --teacher"),
        ("augment --teacher m --keep-annotations", "--keep-annotations has no effect with --teacher"),
        ("analyze --taxonomy x", "--taxonomy has no effect without --teacher"),
        ("correct --top-p 0.5", "--top-p has no effect without --teacher"),
        ("smooth --reflections random", "--reflections has no effect without --teacher"),
        ("sample --from x.jsonl -n 2", "-n has no effect with --from"),
        ("sample --timeout 3", "--timeout has no effect without --model"),
        ("build-sft --temperature 1", "--temperature has no effect without --reflections model"),
        ("build-sft --model m", "--model has no effect without --reflections model"),
        ("eval --from x.jsonl --temperature 1", "--temperature has no effect with --from"),
        ("eval --compare a b --errors 1", "--errors has no effect with --compare"),
    ],
)
def test_an_option_without_effect_is_refused(line: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(line.split()) == 1
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1


def test_an_option_without_effect_takes_no_part_in_resume() -> None:
    assert "temperature" not in AugmentConfig().settings()
    assert "temperature" in AugmentConfig(teacher="m").settings()
    assert "prompts" not in BuildSftConfig().settings(), "their content counts, not their place"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("augmnt", "did you mean 'augment'?"),
        ("augment --per-problm 3", "did you mean '--per-problem'?"),
        ("build-sft --no-smoothd", "did you mean '--no-smoothed'?"),
        ("augment --shape x", "takes no '--shape'"),
        ("taxonomy a b", "takes no 'b'"),
        ("augment --types", "expected one argument"),
    ],
)
def test_a_typo_gets_a_hint_in_one_line(line: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(line.split())
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1


def test_lemma_alone_prints_the_overview(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in commands())


@pytest.mark.parametrize("command", ["analyze", "correct", "smooth", "build-sft", "show", "report", "evolve"])
def test_an_explicit_run_that_does_not_exist_is_an_error(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = [command, "--run", str(tmp_path / "nowhere"), *(["--teacher", "m"] if command == "evolve" else [])]
    assert main(line) == 1
    error = capsys.readouterr().err
    assert "nowhere" in error and "lemma " in error and error.count("\n") == 1
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("command", ["correct", "build-sft", "show"])
def test_a_run_that_lacks_what_is_needed_is_not_filled_with_the_sample(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run").mkdir()
    assert main([command, "--run", str(tmp_path / "run")]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert "erroneous.jsonl is not there" in error and "lemma augment" in error


@pytest.mark.usefixtures("here")
def test_a_bare_command_says_first_that_it_uses_the_sample(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["correct"]) == 0
    assert "bundled sample of 77 problems" in " ".join(capsys.readouterr().err.splitlines()[:3])


@pytest.mark.parametrize(
    ("backend", "model", "base_url", "expected"),
    [
        ("auto", "gpt-4o", None, "openai_compatible"),
        ("auto", "gpt-4o", "https://api.openai.com/v1", "openai_compatible"),
        ("auto", "./folder", None, "transformers"),
        ("auto", "Qwen/Qwen2.5-1.5B", None, "transformers"),
        ("auto", "Qwen/Qwen2.5-1.5B", "http://localhost:8000/v1", "openai_compatible"),
        ("auto", "rules.yaml", None, "scripted"),
        ("auto", "student", None, "scripted"),
        ("vllm", "Qwen/Qwen2.5-1.5B", None, "vllm"),
    ],
)
def test_one_rule_chooses_the_backend(backend: str, model: str, base_url: str | None, expected: str) -> None:
    assert choose_backend(backend, model, base_url) == expected


def test_eval_of_a_served_model_talks_to_the_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["eval", "--model", "gpt-4o", "--base-url", "http://127.0.0.1:9/v1", "--give-up-after", "1"]
    assert main([*line, "--limit", "1", "--run", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert "127.0.0.1:9" in error and "huggingface" not in error


def test_limit_reads_the_first_problems_only(tmp_path: Path) -> None:
    for command in (["augment"], ["sample", "-n", "1"]):
        run = tmp_path / command[0]
        assert main([*command, "--limit", "5", "--run", str(run)]) == 0
        assert len((run / "problems.jsonl").read_text().splitlines()) == 5


@pytest.mark.parametrize("words", ["1/2 0.5", "--gold 1/2 --answer 0.5", "1/2 --answer 0.5"])
def test_verify_takes_its_two_answers_with_or_without_flags(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", *words.split()]) == 0
    assert capsys.readouterr().out.startswith("equal\n")


def test_a_completion_script_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--print-completion", "bash"])
    printed = capsys.readouterr().out
    assert "build-sft" in printed and "--per-problem" in printed


def test_own_options_come_first_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["augment", "--help"])
    printed = capsys.readouterr().out
    order = ["--per-problem", "--teacher", "sampling:", "model connection:", "limits and costs:", "run options:"]
    assert sorted(order, key=printed.index) == order


@pytest.mark.parametrize("name", commands())
def test_no_view_offers_what_it_ignores(name: str) -> None:
    fields = set(commands()[name].model_fields)
    if name in ("show", "report", "verify"):
        assert not fields & {"workers", "fresh"}


def test_every_option_of_a_model_is_in_a_group() -> None:
    for config in (SampleConfig, AnalyzeConfig, EvalConfig):
        own = {name for name, field in config.model_fields.items() if not option_of(field).group}
        assert not own & {"base_url", "timeout", "temperature", "workers"}


def test_messages_name_what_was_asked_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["augment", "--limit", "3", "--run", str(tmp_path)]
    assert main([*line, "--per-problem", "1"]) == 0
    capsys.readouterr()
    assert main([*line, "--per-problem", "2"]) == 1
    error = capsys.readouterr().err
    assert "per_problem = 1, now it is 2" in error and "--fresh" in error


def test_the_same_parse_for_flags_and_yaml() -> None:
    config = parse(["augment", "--types", "calc,logic", "--columns", "question=Q,answer=A"])
    assert config == AugmentConfig.from_mapping(
        {"types": ["calc", "logic"], "columns": {"question": "Q", "answer": "A"}}
    )


def test_a_dry_run_of_a_pipeline_sums_up_and_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "prices.yaml").write_text("t: {input: 1, output: 2}\ns: {input: 1, output: 1}\n")
    values = f"model=s,student_base_url=http://s/v1,teacher=t,prices={tmp_path / 'prices.yaml'},limit=10,n=2"
    line = ["run", "lemma", "--dry-run", "--run", str(tmp_path / "run"), "--set", values]
    assert main(line) == 0
    printed = capsys.readouterr().out
    rows = {row.split()[0]: row.split() for row in printed.splitlines() if row[:1].isalpha()}
    assert rows["sample"][2] == "20"  # 10 problems, 2 samples each
    assert rows["augment"][2] == "80"  # 4 errors per problem, each with a second look
    assert rows["correct"][2] == "120"  # 20 of the student, 40 of the teacher, 2 strategies
    assert rows["total"][1] == str(20 + 20 + 80 + 120 + 120)
    assert not (tmp_path / "run").exists()


def test_student_and_teacher_have_endpoints_of_their_own(tmp_path: Path) -> None:
    from lemma.config import RunConfig
    from lemma.pipelines import read_pipeline

    values = ("model=s,teacher=t,student_base_url=http://s/v1,teacher_key_variable=T_KEY,types=calc,logic,n=3",)
    stages = {
        stage.command: stage
        for stage in read_pipeline(RunConfig(pipeline="lemma", run=tmp_path, set=values)).stages(tmp_path)
    }
    plain = {name: stage.model_dump() for name, stage in stages.items()}
    assert (plain["sample"]["base_url"], plain["augment"]["base_url"]) == ("http://s/v1", None)
    assert (plain["sample"]["key_variable"], plain["augment"]["key_variable"]) == ("OPENAI_API_KEY", "T_KEY")
    assert plain["augment"]["types"] == ("calc", "logic")
    assert plain["sample"]["n"] == 3


def test_a_state_that_is_lost_drops_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["augment", "--limit", "5", "--run", str(tmp_path)]
    assert main(line) == 0
    before = (tmp_path / "erroneous.jsonl").read_bytes()
    (tmp_path / ".state" / "augment.jsonl").unlink()
    capsys.readouterr()
    for again in (line, [*line, "--per-problem", "1"]):
        assert main(again) == 1
        assert "has no record of" in capsys.readouterr().err
        assert (tmp_path / "erroneous.jsonl").read_bytes() == before
    assert main([*line, "--fresh"]) == 0
    assert (tmp_path / "erroneous.jsonl").read_bytes() == before


def test_a_fresh_start_that_makes_nothing_puts_the_old_output_back(tmp_path: Path) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text(json.dumps({"question": "What is 2 + 2?", "answer": "2 + 2 = 4\n#### 4"}) + "\n")
    run = tmp_path / "run"
    assert main(["sample", str(data), "--run", str(run)]) == 0
    files = {name: (run / name).read_bytes() for name in ("solutions.jsonl", "run.json", ".state/sample.jsonl")}
    dead = ["--model", "m", "--base-url", "http://127.0.0.1:9/v1", "--give-up-after", "1"]
    assert main(["sample", str(data), "--run", str(run), *dead, "--fresh"]) == 1
    assert {name: (run / name).read_bytes() for name in files} == files
    assert not list((run / ".state").glob("replaced-*"))


def test_what_a_command_asked_is_recorded_without_secrets(tmp_path: Path) -> None:
    line = ["sample", "--limit", "1", "-n", "1", "--run", str(tmp_path), "--model", "m", "--give-up-after", "1"]
    assert main([*line, "--base-url", "http://127.0.0.1:9/v1?api-key=secret"]) == 1
    written = (tmp_path / "run.json").read_text()
    assert "secret" not in written
    assert main([*line, "--base-url", "http://127.0.0.1:9/v1", "--fresh"]) == 1


def test_corrections_of_a_model_are_never_made_again_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ["--run", str(tmp_path / "run")]
    rules = [{"contains": "You correct a student", "answers": ["no"]}, {"answers": ["no"]}]
    (tmp_path / "rules.yaml").write_text(json.dumps({"rules": rules}))
    assert main(["augment", "--limit", "3", "--per-problem", "1", *run]) == 0
    assert main(["correct", "--teacher", str(tmp_path / "rules.yaml"), *run]) == 0
    (tmp_path / "run" / "corrections.jsonl").write_bytes(b"")  # whatever became of it, it is not for build-sft to make
    errors = tmp_path / "run" / "erroneous.jsonl"
    errors.write_bytes(errors.read_bytes().splitlines(keepends=True)[0])
    capsys.readouterr()
    assert main(["build-sft", *run]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert "with a model" in error and "lemma correct" in error and "--fresh" in error
