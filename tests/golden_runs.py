"""Three small runs whose record files are held byte for byte.

`python tests/golden_runs.py` writes golden.json again.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import tempfile
from pathlib import Path

from forked import Forked

from lemma.cli import main as run_in_this_process

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = Path(__file__).resolve().parent / "golden.json"
KINDS = "lemma,lema,cot,dpo,prm,critique"


def lemma(*arguments: object, cwd: Path | None = None) -> None:
    """Run a command in a folder."""
    with contextlib.chdir(cwd or "."), contextlib.redirect_stdout(io.StringIO()):
        assert run_in_this_process([*map(str, arguments)]) == 0, arguments


def digests(run: Path) -> dict[str, str]:
    """The lines and the hash of every file of records under a folder."""
    return {
        str(path.relative_to(run)): f"{len(content.splitlines())} lines, {hashlib.sha256(content).hexdigest()[:32]}"
        for path in sorted(run.rglob("*.jsonl"))
        if ".state" not in path.parts
        for content in [path.read_bytes()]
    }


def offline(run: Path) -> None:
    """The bundled sample, symbolic errors, all kinds of records, and generated problems."""
    lemma("augment", "--run", run, "--per-problem", 6, "--workers", 1)
    lemma("correct", "--run", run)
    lemma("build-sft", "--run", run, "--records", KINDS, "--mix", "cot=0.3", "--workers", 2)
    lemma("generate", "--run", run / "stories", "-n", 30)
    lemma("augment", run / "stories" / "generated.jsonl", "--run", run / "stories")
    lemma("build-sft", "--run", run / "stories", "--records", "lemma", "--shape", "messages")


def scripted(folder: Path) -> None:
    """Every command that asks a model, with rules in place of one."""
    folder.mkdir(parents=True, exist_ok=True)
    problems, rules = pens(range(3, 27))
    (folder / "problems.json").write_text(json.dumps(problems))
    (folder / "rules.yaml").write_text(json.dumps({"rules": rules}))
    # Relative paths, as a model's name stands in its records.
    data, asked = "problems.json", ["--run", "run", "--backend", "scripted"]
    commands: list[list[object]] = [
        ["sample", data, "--model", "rules.yaml", "-n", 3, *asked],
        ["analyze", "--run", "run"],
        ["augment", data, "--teacher", "rules.yaml", "--types", "calc", "--per-problem", 2, *asked],
        ["correct", "--teacher", "rules.yaml", *asked],
        ["smooth", "--teacher", "rules.yaml", *asked],
        ["build-sft", "--run", "run", "--records", "lemma,dpo"],
        ["evolve", "--teacher", "rules.yaml", *asked],
        ["sample", data, "--model", "rules.yaml", "--run", "judged", "--backend", "scripted"],
        ["analyze", "--teacher", "rules.yaml", "--run", "judged", "--backend", "scripted"],
    ]
    for arguments in commands:
        lemma(*arguments, cwd=folder)


def killed(run: Path) -> None:
    """The offline run, each command killed twice before it may end. test_build_sft.py does so with two workers."""
    commands: list[tuple[object, ...]] = [
        ("augment", "--run", run, "--per-problem", 6, "--workers", 1),
        ("correct", "--run", run),
        ("build-sft", "--run", run, "--records", KINDS, "--mix", "cot=0.3"),
    ]
    for arguments in commands:
        state = run / ".state" / f"{arguments[0]}.jsonl"
        for lines in (1, 2):
            Forked(*arguments).kill_when(lambda state=state, lines=lines: acknowledged(state) >= lines)
        lemma(*arguments)


def acknowledged(state: Path) -> int:
    """How many lines a command has acknowledged so far."""
    return state.read_bytes().count(b"\n") if state.exists() else 0


def pens(numbers: range) -> tuple[list[dict[str, str]], list[dict[str, object]]]:
    """Problems about pens, and what students and teachers say of them."""
    problems, rules = [], []
    for n in numbers:
        total, rest = 2 * n + 2, 2 * n + 1
        question = f"Ada has {n} pens and gets {n + 2} more. She gives one away. How many pens are there?"
        steps = [f"There are {n} + {n + 2} = {total} pens.", f"One goes, so {total} - 1 = {rest} pens are there."]
        slip = [
            f"There are {n} + {n + 2} = {total + 10} pens.",
            f"One goes, so {total + 10} - 1 = {rest + 10} are there.",
        ]
        right, wrong = "\n".join(steps), "\n".join(slip)
        problems.append({"question": question, "answer": f"{right}\n#### {rest}"})
        injected = {
            "steps": slip,
            "error_step": 1,
            "explanation": f"{n} + {n + 2} is {total}.",
            "answer": str(rest + 10),
        }
        kind = "calculation_error" if n % 3 else "operator_error"
        look = {"step": 1, "error_type": kind, "explanation": f"It is {total}."}
        turn = f"Wait, {n} + {n + 2} can't be {total + 10}."
        new = f"Bea has {n} bags with {n + 1} red marbles each and finds 7 more. How many marbles has she?"
        rules += [
            {"contains": ["You play a careless student", question], "answers": [json.dumps(injected)]},
            {"contains": ["You check solutions", question], "answers": [json.dumps(look)]},
            {"contains": ["You correct a student", question], "answers": [f"{right}\nThe answer is {rest}"]},
            {"contains": ["in a different way", question], "answers": [f"She has one less than {total}.\n{right}\n"
             f"The answer is {rest if n % 4 else rest + 1}"]},
            {"contains": ["You polish a text", question, wrong.split("\n")[0]],
             "answers": [f"{slip[0]}\n{turn}\n{right}\nThe answer is {rest}"]},
            {"contains": ["You write math problems", question], "answers": [new]},
            {"contains": new, "answers": [f"{n} * {n + 1} = {n * (n + 1)}\nThe answer is {n * (n + 1) + 7 + d}"
                                          for d in (0, n % 2, n % 5)]},
            {"contains": question, "answers": [f"{wrong}\nThe answer is {rest + 10}", f"{right}\nThe answer is {rest}",
                                               f"I take {n} * {n + 2} = {n * (n + 2)}.\nThe answer is {n * (n + 2)}"]},
        ]  # fmt: skip
    return problems, [*rules, {"answers": ["I don't know."]}]


RUNS = {"offline": offline, "scripted": scripted, "killed": killed}


def main() -> None:
    """Write the digests of all runs."""
    found = {}
    for name, make in RUNS.items():
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder) / name)
            found[name] = digests(Path(folder) / name)
    GOLDEN.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
