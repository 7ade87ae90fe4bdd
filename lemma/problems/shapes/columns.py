"""Everything else: columns by their usual names, in any case."""

from __future__ import annotations

from lemma.exceptions import Refusal
from lemma.problems.chat import is_conversation, read_conversation
from lemma.problems.parts import Parts, Row, is_list_of, names_of, text_of, value_at
from lemma.problems.shapes.shape import Shape

QUESTION = (
    "question",
    "problem",
    "query",
    "instruction",
    "prompt",
    "input",
    "problem_text",
    "question_text",
    "sQuestion",
    "message_1",
    "original_text",
    "question_chinese",
    "problem_statement",
    "human",
    "user",
)
SOLUTION = (
    *("solution", "reference_solution", "rationale", "gt_cot", "ground_truth", "explanation"),
    *("solution_1", "worked_solution", "cot", "chain_of_thought"),
)
# Models may have written these; then their answers may be wrong.
MODEL_SOLUTION = ("generated_solution", "response", "output", "completion", "message_2", "assistant")
ANSWER = (
    *(
        "answer",
        "final_answer",
        "gold_answer",
        "expected_answer",
        "correct_answer",
        "target",
        "result",
        "answer_number",
    ),
    *("gt", "final_ans", "gold", "lSolutions", "answers", "ans", "golden", "exact_answer", "ground_truth_answer"),
)
# With one of these, `steps` are those of a model, and one of them may be wrong.
_JUDGED = frozenset(["label", "labels", "generator", "error_step", "final_answer_correct", "rating", "verdict"])
_CONTEXTS = ("Body", "context_text")  # SVAMP and ASDiv keep the story apart from its question
_NUMBERS = "Numbers"  # of MAWPS, for the slots N_00, N_01 ... in its questions


def refine(row: Row, parts: Parts) -> Parts:
    name = next((name for name in QUESTION if value_at(row, name) is not None), None)
    if name is None:
        raise Refusal("missing_field", f"no question among the columns {', '.join(map(str, row))}")
    if not isinstance(value_at(row, name), str):
        raise Refusal("wrong_type", f"{name} is {type(value_at(row, name)).__name__}, expected text")
    if not parts.question:
        raise Refusal("empty_field", f"{name} is empty")
    question = parts.question
    for context in _CONTEXTS:
        if isinstance(story := value_at(row, context), str) and story.strip():
            question = f"{story.strip().rstrip('.')}. {question}"
    if isinstance(numbers := value_at(row, _NUMBERS), str):
        for place, number in enumerate(numbers.split()):
            question = question.replace(f"N_{place:02d}", number.removesuffix(".0"))
    answer = next((value for name in ANSWER if (value := value_at(row, name)) is not None), None)
    if answer is None and isinstance(label := value_at(row, "label"), str):
        answer = label
    written = [Shape.first(row, (name,)) for name in SOLUTION]
    solution = parts.solution
    if not solution and is_conversation(value_at(row, "messages")):
        solution = read_conversation(value_at(row, "messages"), "messages").answer
    if not solution and is_list_of(steps := value_at(row, "steps"), str) and _JUDGED.isdisjoint(names_of(row)):
        solution = text_of(steps, "steps")
        written.append(solution)
    from_model = not any(written) and bool(solution)
    if is_list_of(answer, str) and len({text.strip() for text in answer}) > 1:
        raise Refusal("several_answers", f"the answer is a list of {len(answer)}: {', '.join(answer)[:200]}")
    return Parts(question, solution, text_of(answer, "answer"), from_model=from_model)


_Q, _WORKED = "Ada has 3 pens and buys 4. How many has she?", "She has 3 + 4 = 7 pens."
_BOXED = r"She has $3 + 4 = \boxed{7}$ pens."

SHAPE = Shape(
    has=(),
    question=QUESTION,
    solution=(*SOLUTION, *MODEL_SOLUTION),
    answer=ANSWER,
    refine=refine,
    samples="`solutions`, `responses`, `generations`, and similar columns",
    note="`Body` goes before the question; a worked solution in the answer column is split into solution and answer",
    examples={
        "openai/gsm8k": {"question": _Q, "answer": "She has 3 + 4 = <<3+4=7>>7 pens.\n#### 7"},
        "EleutherAI/hendrycks_math": {"problem": _Q, "level": "Level 1", "type": "Prealgebra", "solution": _BOXED},
        "HuggingFaceH4/MATH-500": {
            "problem": _Q, "solution": _BOXED, "answer": "7", "subject": "Prealgebra", "level": 1, "unique_id": "test/1"
        },
        "ChilleD/SVAMP": {
            "ID": "chal-1", "Body": "Ada has 3 pens and buys 4", "Question": "How many has she?",
            "Equation": "( 3.0 + 4.0 )", "Answer": "7.0", "Type": "Addition",
        },
        "MU-NLPC/Calc-mawps": {"id": "m1", "question": _Q, "equation": "x = 3 + 4", "result": "7", "result_float": 7.0},
        "GAIR/LIMO": {"question": _Q, "solution": f"{_WORKED}\n\n**Final Answer**\n\\boxed{{7}}", "answer": "7"},
        "Maxwell-Jia/AIME_2024": {"ID": "2024-I-1", "Problem": _Q, "Solution": _WORKED, "Answer": 7},
        "math-ai/aime24": {"id": 60, "problem": _Q, "solution": r"\boxed{7}", "url": "https://example.org/1"},
        "microsoft/orca-math-word-problems-200k": {
            "question": _Q, "answer": f"Count the pens.\n\n{_WORKED}\n\nSo the result is 7 in all."
        },
        "SynthLabsAI/Big-Math-RL-Verified": {
            "problem": _Q, "answer": "7", "source": "orca_math", "domain": ["Algebra"], "llama8b_solve_rate": 0.7
        },
        "agentica-org/DeepScaleR-Preview-Dataset": {"problem": _Q, "answer": "7", "solution": _BOXED},
        "KbsdJames/Omni-MATH": {
            "domain": ["A"], "difficulty": 2.0, "problem": _Q, "solution": _WORKED, "answer": "7", "source": "aops"
        },
        "qwen evaluation outputs": {
            "idx": 0, "question": _Q, "gt_cot": _WORKED, "gt": "7", "answer": "7",
            "code": [f"{_WORKED}\nThe answer is \\boxed{{7}}."], "pred": ["7"], "score": [True],
        },
        "camel-ai/math": {
            "role_1": "Mathematician", "topic;": "Algebra", "message_1": _Q, "message_2": f"{_WORKED} The answer is 7."
        },
        "a problem with messages": {
            "problem": _Q, "answer": "7",
            "messages": [{"role": "user", "content": _Q}, {"role": "assistant", "content": f"{_WORKED}\n#### 7"}],
        },
        "capitalized columns": {"Problem": _Q, "Solution": _WORKED, "Answer": 7},
    },
)  # fmt: skip
