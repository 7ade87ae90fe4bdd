"""Erroneous solutions in LaTeX for the tests of the label checker: right ones, and how to plant a fault in them."""

from __future__ import annotations

from typing import Any

from lemma.records import ErroneousSolution

PAIRS = (
    "In a league of $7$ teams, every pair of teams plays $4$ games. How many games are played?",
    "84",
    (
        r"There are $\binom{7}{2} = \frac{7 \times 6}{2} = 21$ pairs of teams.",
        r"Each pair plays $4$ games, so $21 \cdot 4 = \boxed{84}$ games are played.",
    ),
)
FRACTIONS = (
    r"What is $\frac14-\left(-\frac32\right)$ plus $2\frac{1}{4}$?",
    "4",
    (
        r"First, $\frac14-\left(-\frac32\right)=\frac14+\frac64=\frac{7}{4}$.",
        r"So the sum is $\frac74+2\frac{1}{4}=\boxed{4}$.",
    ),
)
MONEY = (
    r"A shop takes in \$$10,\!000$ and pays \$$5,\!000$ for rent and $20\%$ of the rest in tax. What is left?",
    r"\$4000",
    (
        r"After the rent, \$$10,\!000 - $ \$$5,\!000 = $ \$$5,\!000$ are left.",
        r"The tax is $20\% \cdot 5000 = 1000$ dollars.",
        r"So $5000 - 1000 = \boxed{4000}$ dollars are left.",
    ),
)
SOLVE = (
    r"The function $f(x) = 2x - 4$ satisfies $f(a) + 1 = 3$, and $b$ is $5$ more than $a$. What is $3b$?",
    "24",
    (
        r"Since $f(a) + 1 = 3$, we have $2a - 4 = 2$, so $a = 3$.",
        r"Note that $f(3) + 1 = 3$.",
        r"Then $b = 3 + 5 = 8$.",
        r"Hence $3b = 3 \cdot 8 = \boxed{24}$.",
    ),
)
ALIGNED = (
    "A rectangle is $12$ cm long and $5$ cm wide. How long are two of its diagonals together?\n"
    '[asy]\ndraw((0,0)--(20,0)--(20,9)--cycle);\nlabel("$12$",(6,-1));\n[/asy]',
    "26",
    (
        "The diagonal is\n\\begin{align*}\n\\sqrt{12^2 + 5^2} &= \\sqrt{144 + 25} \\\\\n&= \\sqrt{169} \\\\\n&= 13\n"
        "\\end{align*}\ncentimeters long.",
        r"Two of them are $2(13) = \boxed{26}$ centimeters long.",
    ),
)
TERMS = (
    r"A sequence has $a_{20} = 6$, and each term is $4$ more than the one before it. What is twice $a_{21}$?",
    "20",
    (r"We have $a_{21} = 6 + 4 = 10$.", r"Twice that is $2 \cdot 10 = \boxed{20}$."),
)
CHINESE = (
    "一件衣服原价200元，打八折，再减10元，售价是多少元？",
    "150",
    ("打折后是 $200 \\times 0.8 = 160$ 元。", "再减10元，是 $160 - 10 = 150$ 元。\n答：售价是150元。"),
)
WORDS = (
    r"Two readings are $99.1$ and $592.9$, and a third is twice their sum. What is the third reading?",
    "1384",
    ("The sum is 592.9 plus 99.1 equals 692.", r"Twice that is $2 \cdot 692 = \boxed{1384}$."),
)
PRIMES = (
    r"A number is $2^3 \cdot 3^5 \cdot 4^3$, and another is much larger. How many digits has $2^9$, plus $9$?",
    "12",
    (
        r"We write $2^3 3^5 4^3 = 2^3 3^5 2^6 = 2^9 3^5$.",
        r"Since $2^9 = 512$, it has $3$ digits, and $3 + 9 = \boxed{12}$.",
    ),
)
# problem, error type, error step, steps from the error step on, final answer, explanation
RIGHT: dict[str, tuple[Any, str, int, tuple[str, ...], str, str]] = {
    "operator": (
        PAIRS,
        "operator_error",
        1,
        (r"Each pair plays $4$ games, so $21 + 4 = \boxed{25}$ games are played.",),
        "25",
        r"The step adds where it should have multiplied: not $21 + 4$, but $21 \cdot 4 = 84$.",
    ),
    "calculation": (
        PAIRS,
        "calculation_error",
        1,
        (r"Each pair plays $4$ games, so $21 \cdot 4 = \boxed{74}$ games are played.",),
        "74",
        r"$21 \cdot 4$ is $84$, not $74$: the tens are wrong.",
    ),
    "early": (
        PAIRS,
        "calculation_error",
        0,
        (
            r"There are $\binom{7}{2} = \frac{7 \times 6}{2} = 24$ pairs of teams.",
            r"Each pair plays $4$ games, so $24 \cdot 4 = \boxed{96}$ games are played.",
        ),
        "96",
        r"$\frac{7 \times 6}{2}$ is $21$, not $24$.",
    ),
    "context": (
        PAIRS,
        "context_value_error",
        1,
        (r"Each pair plays $7$ games, so $21 \cdot 7 = \boxed{147}$ games are played.",),
        "147",
        r"The step takes $7$ from the problem where $4$ belongs: it should be $21 \cdot 4 = 84$.",
    ),
    "misread": (
        PAIRS,
        "question_misinterpretation_error",
        1,
        (r"So the answer is $\boxed{21}$.",),
        "21",
        "$21$ is what step 1 found, but the question asks for another quantity.",
    ),
    "fractions": (
        FRACTIONS,
        "operator_error",
        1,
        (r"So the sum is $\frac74-2\frac{1}{4}=\boxed{-\frac12}$.",),
        r"-\frac{1}{2}",
        r"The step subtracts where it should have added: not $\frac74-2\frac{1}{4}$, but $\frac74+2\frac{1}{4} = 4$.",
    ),
    "money": (
        MONEY,
        "counting_error",
        2,
        (r"So $5000 - 1001 = \boxed{3999}$ dollars are left.",),
        "3999",
        "The step counts one too many: the count is $1000$, not $1001$, so it should be $5000 - 1000 = 4000$.",
    ),
    "early money": (
        MONEY,
        "operator_error",
        0,
        (
            r"After the rent, \$$10,\!000 + $ \$$5,\!000 = $ \$$15,\!000$ are left.",
            r"The tax is $20\% \cdot 15000 = 3000$ dollars.",
            r"So $15000 - 3000 = \boxed{12000}$ dollars are left.",
        ),
        "12000",
        r"The step adds \$5,000 where it should have taken it away.",
    ),
    "solve": (
        SOLVE,
        "previous_step_value_error",
        3,
        (r"Hence $3b = 3 \cdot 9 = \boxed{27}$.",),
        "27",
        r"Step 3 found $8$, but this step goes on with $9$: it should be $3 \cdot 8 = 24$.",
    ),
    "solved": (
        SOLVE,
        "question_misinterpretation_error",
        3,
        (r"So the answer is $\boxed{8}$.",),
        "8",
        "$8$ is what step 3 found, but the question asks for another quantity.",
    ),
    "aligned": (
        ALIGNED,
        "operator_error",
        1,
        (r"Two of them are $2+(13) = \boxed{15}$ centimeters long.",),
        "15",
        r"The step adds where it should have multiplied: not $2+(13)$, but $2(13) = 26$.",
    ),
    "given": (
        ALIGNED,
        "context_value_error",
        1,
        (r"Two of them are $2(12) = \boxed{24}$ centimeters long.",),
        "24",
        "The step takes $12$ from the problem where $13$ belongs: it should be $2(13) = 26$.",
    ),
    "terms": (
        TERMS,
        "context_value_error",
        0,
        (r"We have $a_{21} = 4 + 4 = 8$.", r"Twice that is $2 \cdot 8 = \boxed{16}$."),
        "16",
        "The step takes $4$ from the problem where $6$ belongs: it should be $6 + 4 = 10$.",
    ),
    "missing": (
        TERMS,
        "missing_step",
        0,
        (r"Twice that is $2 \cdot 6 = \boxed{12}$.",),
        "12",
        "The step $6 + 4 = 10$ was skipped, so $6$ was used in place of $10$.",
    ),
    "invented": (
        TERMS,
        "hallucination",
        1,
        (r"With a bonus of $50$, twice that is $2 \cdot 10 + 50 = \boxed{70}$.",),
        "70",
        r"The problem says nothing of the $50$: it should be $2 \cdot 10 = 20$.",
    ),
    "chinese": (
        CHINESE,
        "operator_error",
        1,
        ("再减10元，是 $160 + 10 = 170$ 元。\n答：售价是170元。",),
        "170",
        "The step adds where it should have subtracted: not $160 + 10$, but $160 - 10 = 150$.",
    ),
    "words": (
        WORDS,
        "operator_error",
        1,
        (r"Twice that is $2 + 692 = \boxed{694}$.",),
        "694",
        r"The step adds where it should have multiplied: not $2 + 692$, but $2 \cdot 692 = 1384$.",
    ),
    "primes": (
        PRIMES,
        "operator_error",
        1,
        (r"Since $2^9 = 512$, it has $3$ digits, and $3 \cdot 9 = \boxed{27}$.",),
        "27",
        r"The step multiplies where it should have added: not $3 \cdot 9$, but $3 + 9 = 12$.",
    ),
}


def right(name: str, **changes: Any) -> ErroneousSolution:
    """A record whose label is right, with some fields changed."""
    (question, answer, reference), error_type, error_step, steps, final_answer, explanation = RIGHT[name]
    fields = {
        "id": name,
        "problem_id": f"problem of {name}",
        "question": question,
        "gold_answer": answer,
        "reference_steps": reference,
        "steps": (*reference[:error_step], *steps),
        "error_step": error_step,
        "error_type": error_type,
        "explanation": explanation,
        "final_answer": final_answer,
        "origin": "symbolic",
        "model": "by hand",
    }
    return ErroneousSolution.model_validate({**fields, **changes})


def step(name: str, place: int, old: str, new: str, **changes: Any) -> ErroneousSolution:
    """A record with a piece of one step replaced; an earlier step is changed in the reference too."""
    record = right(name, **changes)
    steps, reference = list(record.steps), list(record.reference_steps)
    assert old in steps[place], steps[place]
    steps[place] = steps[place].replace(old, new)
    if place < record.error_step:
        reference[place] = steps[place]
    return record.model_copy(update={"steps": tuple(steps), "reference_steps": tuple(reference)})


def question(name: str, old: str, new: str, **changes: Any) -> ErroneousSolution:
    """A record with a piece of its question replaced."""
    record = right(name, **changes)
    assert old in record.question
    return record.model_copy(update={"question": record.question.replace(old, new)})


def reference(name: str, place: int, old: str, new: str, **changes: Any) -> ErroneousSolution:
    """A record with a piece of one reference step replaced, there and where the solution repeats it."""
    record = right(name, **changes)
    steps = list(record.reference_steps)
    assert old in steps[place], steps[place]
    steps[place] = steps[place].replace(old, new)
    prefix = tuple(steps[: record.error_step])
    return record.model_copy(
        update={"reference_steps": tuple(steps), "steps": prefix + record.steps[record.error_step :]}
    )


def explained(name: str, old: str, new: str, **changes: Any) -> ErroneousSolution:
    """A record with a piece of its explanation replaced."""
    record = right(name, **changes)
    assert old in record.explanation, record.explanation
    return record.model_copy(update={"explanation": record.explanation.replace(old, new)})
