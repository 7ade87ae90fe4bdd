"""References that misquote their own question."""

import pytest

from lemma.injectors.misquoting import misquoted

COPIES = "Marilyn's first record sold 10 times as many as Harald's. They sold 88,000 copies."


@pytest.mark.parametrize(
    ("question", "steps", "answer", "at"),
    [
        (COPIES, ("We know that m + h = 80,000 and m = 10h.", "So 11h = 88,000.", "h = 8,000"), "8000", 0),
        ("The shoes were $48 and half off.", ("Half of the $68 price is $48 / 2 = $24.",), "24", 0),
        ("He has 125 coins and gets 35.", ("He has 135+25=160 coins.",), "160", 0),
        # Worked out in the head, an unknown's value, common knowledge, and another number of digits.
        ("He read 400 of 800 pages and then 200.", ("He read 600 pages.", "800 - 600 = 200 are left."), "200", None),
        ("He has 110 coins, 30 more gold ones.", ("2x + 30 = 110", "x=40", "40 + 30 = 70 are gold."), "70", None),
        ("In 25 days, how many hours?", ("A day has 24 hours, so 25 * 24 = 600.",), "600", None),
        ("He has 125 coins.", ("He has 12 dozen.",), "12", None),
        (r"Of $88$, what is half?", (r"It is $\frac{80}{2} = 40$.",), "44", None),
    ],
)
def test_a_number_that_the_question_does_not_have(question, steps, answer, at):
    assert misquoted(question, steps, answer) == (None if at is None else steps[at])
