"""A tour of the Python API, in cells: run it as a script, or cell by cell in VS Code, Spyder or Jupyter (jupytext).

It needs no model, no key, no GPU and no download.
"""
# ruff: noqa: T201

# %% A problem is a question and a worked solution, which ends with the answer.
import subprocess
import sys
import tempfile
import textwrap
from collections import Counter
from pathlib import Path

import lemma

problem = lemma.Problem.of(
    question="A bakery sells 12 trays of 6 rolls in the morning and 30 rolls in the afternoon. How many is that?",
    solution="In the morning it sells 12 * 6 = 72 rolls.\nThat makes 72 + 30 = 102 rolls.\n#### 102",
)
print(f"{problem.question}\nanswer: {problem.answer}\n")

# %% Inject errors. Each is carried through the later steps and proved from the text.
wrongs = lemma.inject(problem, types="all", per_problem=4, seed=0)
for wrong in wrongs:
    print(f"{wrong.error_type}, step {wrong.located_step + 1}: {wrong.explanation}")
    for step in wrong.steps:
        print(f"    {step}")
print()

# %% Correct one of them, and join wrong, reflection and right. A notebook shows the trajectory in color.
wrong = wrongs[0]
fix, *restarts = lemma.correct(wrong)
trajectory = lemma.join(wrong, fix)
for segment in trajectory.segments:
    print(f"{segment.kind}:\n{textwrap.indent(segment.text.rstrip(), '    ')}")
print()
trajectory  # noqa: B018

# %% Records for a trainer: preference pairs for DPO here. `lemma train` and TRL read these files.
pairs = [(wrong, right) for wrong in wrongs for right in lemma.correct(wrong)]
records = lemma.to_records(pairs, kind="dpo")
print(f"{len(records)} dpo records, with the columns {', '.join(records[0])}\n")

# %% Where does somebody else's solution go wrong?
finding = lemma.locate(problem, "In the morning it sells 12 + 6 = 18 rolls.\nThat makes 18 + 30 = 48 rolls.")
assert finding is not None
print(f"step {finding.step + 1} is wrong: {finding.equation}, {finding.error_type}, {finding.confidence:.0%} sure\n")

# %% Grade answers: equal, different, or unknown if that could not be decided.
for gold, answer in (
    (102, "It sells **102 rolls** in all."),
    ("1/2", 0.5),
    (18, "$1,800"),
    (18, "I don't know."),
):
    print(f"{gold} and {answer!r}: {lemma.verdict(gold, answer)}")
print(f"the answer that a text states: {lemma.extract_answer('So she needs 7 days. The answer is 7.')}\n")

# %% What the commands made: open a run directory. Here `lemma augment` makes one of three bundled problems.
with tempfile.TemporaryDirectory() as folder:
    command = [sys.executable, "-m", "lemma", "augment", "--limit", "3", "--run", "run"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    run = lemma.open_run(Path(folder) / "run")
    print(f"{len(run.problems)} problems; files: {', '.join(run.files)}")
    types = Counter(erroneous.error_type for erroneous in run.erroneous)
    print(f"the most frequent error types: {types.most_common(2)}")
