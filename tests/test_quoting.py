"""Which words of a text an explanation quotes for a number."""

import pytest

from lemma.injectors.quoting import clause_around, words_around

PARKS = (
    "The first park has a $26 fee for each adult and a $12 fee for each child; while the second park has a $14 fee for "
    "each adult and $10 for each child."
)
QUOTED = [
    # A list is never cut: the hours are those of all three days.
    ("Each week, he spends 3 x 3 = 9 hours in class on Monday, Wednesday, and Friday.", "3 x 3 = 9",
     "he spends 3 x 3 = 9 hours in class on Monday, Wednesday, and Friday"),
    ("Each week, he spends 4 x 2 = 8 hours in class every day on Tuesday and Thursday.", "4 x 2 = 8",
     "he spends 4 x 2 = 8 hours in class every day on Tuesday and Thursday"),
    (PARKS, "$12", "The first park has a $26 fee for each adult and a $12 fee for each child"),
    (PARKS, "$10", "the second park has a $14 fee for each adult and $10 for each child"),
    ("A manicure starts at $35 while a pedicure starts at $40.", "$40", "a pedicure starts at $40"),
    ("A manicure starts at $35 while a pedicure starts at $40.", "$35", "A manicure starts at $35"),
    # What "it" is stands in the clause before.
    ("Bahati scored the most points and it was 20 more than Azibo scored and 10 more points than Dinar scored.", "20",
     "Bahati scored the most points and it was 20 more than Azibo scored and 10 more points than Dinar scored"),
    ("When it came out John was 28-20=8", "28-20=8", "When it came out John was 28-20=8"),
    ("If each class has 15 students", "15", "each class has 15 students"),
    ("This trip, they spent $43, used their rewards, and applied a coupon that took twice the rewards off the price.",
     "$43", "they spent $43"),
    ("His sister, Shay, is 13 years older than him and 5 years younger than James.", "13",
     "His sister, Shay, is 13 years older than him and 5 years younger than James"),
    ("So far he has 3 shirts.", "3", "So far he has 3 shirts"),
    ("The first 10 patches he buys for the first of his quilts cost $10 each and if he buys more, they are cheaper.",
     "10", "The first 10 patches he buys for the first of his quilts cost $10 each"),
    ("If the remainder were sold for $22 each", "$22", "the remainder were sold for $22 each"),
    ("A steel bar weighs 20 kgs more than a copper bar. If a copper bar weighs 90 kgs, calculate the total weight of a "
     "container with 20 bars of each type.", "90", "a copper bar weighs 90 kgs"),
    ("The entrance ticket to the park is $5, but for each attraction, such ticket costs $2 for kids, $4 for parents.",
     "$5", "The entrance ticket to the park is $5"),
    ("Half the students in the class collected 12 cans each, two students didn't collect any, and the rest got 4.",
     "12", "Half the students in the class collected 12 cans each"),
    ("How much would a family with 4 children, their parents, and their grandmother have to spend on rides?",
     "4", "How much would a family with 4 children, their parents, and their grandmother have to spend on rides"),
    ("A shipment of 1000 kg came to the store, which was closed all day on Saturday, causing 200 kg to rot.", "200",
     "A shipment of 1000 kg came to the store, which was closed all day on Saturday, causing 200 kg to rot"),
    ("It can ride at 60 miles an hour, and it goes 18 miles per hour slower than when it is on sand.", "18",
     "It can ride at 60 miles an hour, and it goes 18 miles per hour slower than when it is on sand"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "number", "quoted"), QUOTED)
def test_what_is_quoted_for_a_number(text, number, quoted):
    start = text.index(number)
    assert clause_around(text, start, start + len(number)) == quoted


FEW_WORDS = [
    ("He spent $200 on blue ties, $20 less than on red ones.", "200", "$200 on blue ties"),
    ("She has 8 of the toy cars in his box and 3 of hers.", "8", "8 of the toy cars in his"[:-7]),
    ("They have 40% of the pens.", "40", "40% of the pens"),
    ("Each toy car cost $2 and each bear cost $1.", "2", "Each toy car cost $2"),
    ("It has 3 and 5.", "5", None),
    # A noun phrase is whole, or it is not there.
    ("Bills average $30 a month for the first 4 months and more later.", "30", "Bills average $30 a month"),
    ("It takes 20 grams of peanuts to make 5 grams of butter.", "20", "20 grams of peanuts"),
    ("She got 50 grams of gold for the cost of $20 per gram.", "50", "50 grams of gold"),
    ("Max runs water for 30 minutes at a rate of 2 gallons every minute.", "30", "Max runs water for 30 minutes"),
    ("8 years ago John had twice as much experience as James.", "8",
     "8 years ago John had twice as much experience as James"),
    ("His salary is $3000. 20% of it goes to paying tax, and 5% to rent.", "20", "20% of it goes to paying tax"),
    ("He carves a prism 8 meters tall with a 2-meter square base.", "8", "He carves a prism 8 meters tall"),
    ("Due to rain, it can only pump 2/3rds as fast.", "2", None),
    ("She sees 2 shirts there which cost $10 each and buys them.", "10", "shirts there which cost $10 each"),
    ("He spent $200 on blue ties that cost $40 each, $20 less than red ones.", "40", "blue ties that cost $40 each"),
    ("They made 15 candied apples for $2 each, and 12 grapes.", "$2", "candied apples for $2 each"),
    ("He said so, and for such things he took $2 each, and 12 grapes.", "$2", None),
    # A few words before the number tell two nouns of one kind apart.
    ("Of 3 shops, his first one sells 20 meals, his second one sells 40 meals a day.", "40", "40 meals a day"),
    ("Of 3 shops, his first one sells 20 meals, his second one sells more.", "20", "his first one sells 20 meals"),
    ("Dogs have 42 teeth, cats have 30 teeth and pigs have 28 teeth.", "28", "pigs have 28 teeth"),
    ("Eliza irons a blouse in 15 minutes and a dress in 20 minutes.", "20", "a dress in 20 minutes"),
    ("He buys 5 pens and sells 3 books.", "3", "3 books"),
    ("Mr. Roberts can buy it for $400 cash.", "400", "$400 cash"),
    ("It takes 40 minutes for the swim, an hour and 20 minutes for the bike ride and 50 minutes for the run.", "20",
     "an hour and 20 minutes for the bike ride"),
    ("He hangs a 2 foot by 4 foot painting on a wall.", "4", "2 foot by 4 foot painting on a wall"),
    # The beginning of a clause that says more than its noun is not cut off.
    ("She bought a pen and a book for $5.", "5", "She bought a pen and a book for $5"),
    ("In the small shop around the corner of her street she bought a pen and a book for $5.", "5",
     "a pen and a book for $5"),
    ("In all of the shops around here, Bill and Dale eat 5 pies.", "5", "Bill and Dale eat 5 pies"),
    ("Half the people pay an entrance fee of $30.", "30", "Half the people pay an entrance fee of $30"),
    ("If fixing her car cost $350 or so, she pays.", "350", "fixing her car cost $350"),
    ("Knowing that a geography book costs $10.50 and that an English book costs $7.50, add.", "7.50",
     "an English book costs $7.50"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "number", "quoted"), FEW_WORDS)
def test_a_few_words_say_what_a_number_counts(text, number, quoted):
    start = text.index(number)
    assert words_around(text, start, start + len(number)) == quoted
