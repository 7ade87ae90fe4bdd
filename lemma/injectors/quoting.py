"""Quote whole clauses, never pieces of them, for explanations that say which number is meant: "each teddy bear cost $1"
of "Each toy car cost $2 and each teddy bear cost $1."
"""

from __future__ import annotations

import re
from functools import lru_cache

SENTENCE_END = re.compile(r"(?<![.\s][A-Za-z])(?<!Dr)(?<!Mr)(?<!Mrs)(?<!Ms)(?<!St)[.?!](?=\s|$|[\"”])|\n")
# What separates clauses: punctuation, or a conjunction with a new subject behind it.
_SUBJECT = (
    r"(?:he|she|it|they|we|I|you|there|each|every|the|his|her|their|its|a|an|one|another|both|all|this|these|that['’]s|"
    r"[A-Z][a-z]+)\b"
)
_BOUNDARY = re.compile(
    rf"[,;:]\s+(?:(?:and|but|so|then|while|or)\s+)?|(?<!\s)\s+(?:[-–]\s+|(?:and|but|so|then|while|whereas)\s+(?={_SUBJECT})"
    rf"|(?:because|if|when|which means(?: that)?|meaning(?: that)?|since)\s+(?={_SUBJECT}))"
)
_OPENS = re.compile(_SUBJECT, re.IGNORECASE)
# What leans on words before it.
_LEANS = re.compile(
    r"(?:who|which|that|whose|where|of|for|in|on|at|to|with|by|from|than|as|and|or|but|each (?:of which|with))\b"
    r"(?!['’]s)"
    r"|(?:[Aa]n?|[Tt]he|\d+) [a-z]+ (?:and|or)\b",
    re.IGNORECASE,
)
# "it was 20 more", of what the clause before it says; but not "it takes 5 minutes".
_REFERS = re.compile(r"it\b(?! (?:takes?|took|rain\w*|snow\w*)\b)")
_CONNECTIVE = re.compile(
    r"(?:(?:so(?! far)|then|thus|therefore|hence|finally|next|now|first|also|and|but|however|second|similarly|"
    r"(?:meaning|that means|this means)(?: that)?)\b,?\s+)+",
    re.IGNORECASE,
)
_BROKEN_OFF = re.compile(r"\b(?:than|of|to|with|from|for|in|on|at|by|as|the|an?|that|which|who)\W*$")
_TRAILING = re.compile(r"(?:,|(?<![\s,]))\s+(?:and|but|so|or|then)$")
_CONDITION = re.compile(r"(?:if|since|because|when|as)\s+", re.IGNORECASE)
_VERB = re.compile(
    r"\b(?:is|are|was|were|be|has|have|had|does|did|do|can|will|would|costs?|gets?|got|makes?|made|buys?|bought|sells?|"
    r"sold|pays?|paid|gives?|gave|takes?|took|eats?|ate|needs?|earns?|spends?|spent|runs?|ran|reads?|wants?|uses?|"
    r"used|weighs?|brings?|brought|finds?|found|keeps?|kept|goes|went|comes?|came|says?|said|sees?|saw|drives?|drove|"
    r"drinks?|drank|wins?|won|loses?|lost|puts?|cuts?|grows?|grew|leaves?|left|sleeps?|slept|catch(?:es)?|caught|"
    r"begins?|began|lays?|laid|holds?|held|flies|flew|writes?|wrote|works?|lives?|charges?|starts?|plans?|there['’]s|"
    r"that['’]s|it['’]s|[a-z]+n['’]t|[a-z]{3,}ed|slew|threw|drew|knew|built|sent|lent|spoke|stole|broke|chose|rode|wore|sang|"
    r"swam|hid|fed|bred|taught|thought|told|dug|shot|stuck|shook|woke|tore|became|received)\b|"
    r"\b(?:[Hh]e|[Ss]he|[Ii]t|[A-Z][a-z]+) (?!is\b)[a-z]{2,}s\b"
)
_SUBJECT_AND_VERB = re.compile(rf"\b(?:[Hh]e|[Ss]he|[Ii]t|[Tt]hey|[Ww]e|I|[A-Z][a-z]+) (?:{_VERB.pattern})")
# What may go on with a list, and what never does.
_LISTS = re.compile(r",\s+(?:(?:and|or)\s+)?|\s+and\s+")
_ASKS = re.compile(r"(?:how|what|which|who|calculate|find|determine)\b", re.IGNORECASE)
# "A manicure starts at $35 while a pedicure starts at $40": of two sides, one is quoted.
_CONTRAST = re.compile(r";|\b(?:while|whereas)\b")
_LONGEST_SENTENCE, _LONGEST = 14, 26  # words
_NO_MORE = r"(?:and|but|or|so|while|because|since|if|when|which|who|that|where|how|then)\b"
_WORDS_BEHIND = re.compile(
    rf"%?(?:/[a-z]{{1,20}})?(?:[ -](?!{_NO_MORE})\$?[\w'’/]{{1,20}}(?:\.\d{{1,4}})?%?){{0,10}}(?![\w'’/%])"
)
# Where a noun phrase may end: before punctuation, a conjunction, or a preposition that does not belong to its noun.
_ENDS_HERE = re.compile(
    rf"[.,;:?!)](?!\d)|\s*$|\n| +(?:{_NO_MORE}|"
    r"(?:at|on|in|for|from|with|to|by|into|during|after|before|about|between)\b"
    r"(?! \d{1,4} (?:foot|feet|inch|inches)\b))"
)
_NEEDS_MORE = re.compile(
    r" (?:his|her|their|its|our|my|your|is|are|was|were|has|have|had|can|will|would|more|each of|twice|half|times|"
    r"a (?:rate|cost|price|total)|(?:goes|costs?|made|makes?|used|get|got))$"
)
_MANY_WORDS = 6
_BEGINS_HERE = re.compile(
    r"(?<!\bMr)(?<!\bMs)(?<!\bDr)(?<!\bMrs)[.,;:?!(]\s+|\n|"
    r"(?<=[a-z\d])\s+(?:and|but|while|or|so|which means)\s+"
)
_JOINED = re.compile(
    r"(?:and|but|or|so|that|if|when|then|while|because|since|(?:knowing|given|assuming) that)\s+", re.IGNORECASE
)
_BY = re.compile(r"\b\d{1,6}(?:\.\d{1,4})?[ -](?:[a-z]{2,12} )?by (?:an? )?$")  # 2 foot by 4 foot
_COMPOUND = re.compile(
    r"\b(?:an?|one|two|three|four|\d{1,3}) (?:hour|minute|day|week|month|year|foot|feet|pound|dollar)s?,? (?:and )?$"
)
_LONGEST_COMPOUND = 24  # characters
_DETERMINER = re.compile(r"\b(?:an?|the|his|her|their|each|every|one)\s+(?=[A-Za-z])")
_NO_NAME = re.compile(r"[A-Za-z'’-]{1,24}(?: [A-Za-z'’-]{1,24}){0,7} $")
_SAYS_NOTHING = re.compile(r"\$?[\d.,]{1,20} (?:each|apiece|total|more|of them)")
# "candied apples for" of "15 candied apples for $2 each"
_COUNTED = re.compile(
    r"(?<=\d )(?:(?:on|in|for|of|with|from|to|at) )?(?P<words>(?!and |or |for |each )(?:[A-Za-z'’-]{1,24} ){1,7})$"
)
_REACH = 120  # characters in which the beginning of a clause is looked for


@lru_cache(maxsize=8192)
def clause_around(text: str, start: int, end: int) -> str | None:
    """The whole clause of a text around a place, without the word that joins it to the one before; None if it is too
    long to be quoted, or would make no sense by itself.
    """
    begin = max((found.end() for found in SENTENCE_END.finditer(text, 0, start)), default=0)
    ending = SENTENCE_END.search(text, end)
    last = ending.start() if ending is not None else len(text)
    while text[begin : begin + 1].isspace():
        begin += 1
    first = _without_connective(text, begin, start)
    if text[first:last].count(" ") < _LONGEST_SENTENCE and _CONTRAST.search(text, first, last) is None:
        return _shown(text[first:last])
    bounds: list[re.Match[str]] = []
    in_list = False
    for found in _BOUNDARY.finditer(text, begin, last):
        before = bounds[-1].end() if bounds else begin
        # "the distance between Spain and Germany is 1615 km": what stands before has no verb.
        is_joined = found.group()[0].isspace() and _VERB.search(text, before, found.start()) is None
        # "on Monday, Wednesday, and Friday", "$26 for each adult and a $12 fee for each child": no verb follows either.
        following = _BOUNDARY.search(text, found.end(), last)
        ends = following.start() if following is not None else last
        is_bare = _VERB.search(text, found.end(), ends) is None
        goes_on = is_bare or (in_list and found.group().strip() != ",")
        in_list = goes_on and _LISTS.fullmatch(found.group()) is not None
        is_joined |= in_list and _ASKS.match(text, found.end()) is None
        if not start <= found.start() < end and not is_joined:
            bounds.append(found)
    starts = [found.end() for found in bounds if found.end() <= start]
    stops = [found.start() for found in bounds if found.start() >= end]
    for left in [*(_without_connective(text, at, start) for at in reversed(starts)), first]:
        for right in [*stops, last]:
            quote = text[left:right]
            if quote.count(" ") >= _LONGEST:
                break
            if _stands_alone(quote, begins=left == first):
                return _shown(quote)
    return None


def words_around(text: str, start: int, end: int) -> str | None:
    """A number of a text with a few words that say what it counts, for a clause that is too long to be quoted: those
    behind it, with those before it if they are few, else those before it. None if there are none.

    >>> words_around("She has 12 candied apples for $2 each, which she sells.", 8, 10)
    '12 candied apples for $2 each'
    >>> words_around("He fills balloons for 30 minutes at a rate of 2 balloons every minute, while he can.", 22, 24)
    '30 minutes'
    """
    if text[end : end + 1] == "/" and text[end + 1 : end + 2].isdigit():
        return None  # the 2 of 2/3 is no number
    start -= text[start - 1 : start] == "$"
    if (compound := _COMPOUND.search(text, max(0, start - _LONGEST_COMPOUND), start)) is not None:
        start = compound.start()  # an hour and 20 minutes
    stop = _end_of_phrase(text, start, end)
    begin = _begin_of_phrase(text, start, stop, needed=stop == end)
    quote = text[begin:stop] if begin < start or stop > end else ""
    if _SAYS_NOTHING.fullmatch(quote) is not None:
        counted = _COUNTED.search(text[max(0, begin - _REACH) : begin])
        quote = counted["words"] + quote if counted is not None else ""
    return quote if '"' not in quote and "\n" not in quote and quote else None


def _end_of_phrase(text: str, start: int, end: int) -> int:
    """Where the noun phrase of a number ends that stands in front of it: not within a phrase, as in `30 minutes at a
    rate of 2`.
    """
    behind = _WORDS_BEHIND.match(text, end)
    if behind is None:
        return end
    stops = [found.start() for found in re.finditer(r"[ -]", text[: behind.end() + 1]) if found.start() > end]
    stops = [stop for stop in (*stops, behind.end()) if stop <= behind.end() and _ENDS_HERE.match(text, stop)]
    stops = [stop for stop in stops if not (_BROKEN_OFF.search(q := text[start:stop]) or _NEEDS_MORE.search(q))]
    few = [stop for stop in stops if text.count(" ", end, stop) + text.count("-", end, stop) <= _MANY_WORDS]
    return max(few) if few else min(stops, default=end)


def _begin_of_phrase(text: str, start: int, stop: int, needed: bool) -> int:
    """Where the clause of a number begins, if it is short and says more than the noun behind it: `pigs have 28 teeth`,
    `a dress in 20 minutes`. If nothing behind the number says what it counts, words before it are `needed`.
    """
    before = text[max(0, start - _REACH) : start]
    if (measured := _BY.search(before)) is not None:
        return start - len(before) + measured.start()
    if not needed and text.count(" ", start, stop) > 2:
        return start
    opening = _opening(before) if start > _REACH else _opening(before) or 0
    if opening is not None:
        joined = _JOINED.match(before, opening)
        opening = joined.end() if joined is not None else opening
        words = before[opening:]
        is_short = _NO_NAME.fullmatch(words) is not None and _LEANS.match(words) is None
        if is_short and _ASKS.match(words) is None and not _is_predicate(words):
            return start - len(words)
    if not needed:
        return start
    determined = [
        found.start()
        for found in _DETERMINER.finditer(before, opening or 0)
        if not before[: found.start()].endswith((" and ", " or ")) or found.start() == opening
    ]
    words = before[determined[-1] :] if determined else ""
    # Of "half the people buy tickets for $30", nothing is left out.
    is_whole = _NO_NAME.fullmatch(words) is not None and _VERB.search(words.replace("cost of", "")) is None
    return start - len(words) if is_whole else start


def _opening(before: str) -> int | None:
    """Where the clause begins that a text ends with. An `and` begins one only behind a clause or a number: of `a pen
    and a book cost $5`, the book does not cost that.
    """
    opening = None
    for found in _BEGINS_HERE.finditer(before):
        ahead = before[opening or 0 : found.start()]
        is_joint = found.group()[:1] == " " and re.search(r"\d", ahead) is None
        if is_joint and (_VERB.search(ahead) is None or _VERB.search(before, found.end()) is None):
            continue
        # Bill and Dale eat the same pizza.
        if is_joint and ahead.rpartition(" ")[2][:1].isupper() and before[found.end() : found.end() + 1].isupper():
            continue
        opening = found.end()
    return opening


def _is_predicate(words: str) -> bool:
    """Whether a clause has no subject of its own: `sells 3 of them`, `using 3 of them`, but not `fixing it cost 3`."""
    first, _, rest = words.partition(" ")
    if re.fullmatch(r"(?!during)[a-z]+ing", first) is not None:
        return _VERB.search(rest) is None
    return _VERB.fullmatch(first) is not None or first in ("not", "only", "also", "to")


def _without_connective(text: str, begin: int, place: int) -> int:
    found = _CONNECTIVE.match(text, begin, place)
    return found.end() if found is not None else begin


def _stands_alone(quote: str, begins: bool) -> bool:
    """Whether a piece of a sentence, which begins the sentence or not, is one by itself, as far as its words say so."""
    words = quote.split()
    opens = begins or (_OPENS.match(quote) is not None and _REFERS.match(quote) is None) or words[0][:1].isupper()
    # "is 13 years older" and "causing 200 kg to rot" tell of what stands before.
    opens &= begins or (_VERB.fullmatch(words[0]) is None and re.fullmatch(r"(?!during)[a-z]+ing", words[0]) is None)
    if _BROKEN_OFF.search(quote) is not None:
        return False
    return opens and len(words) > 2 and _LEANS.match(quote) is None and _VERB.search(quote) is not None


def _shown(quote: str) -> str | None:
    """A quotation as it is shown; None if it would break off the quotation marks around it."""
    quote = _TRAILING.sub("", quote.strip().rstrip(".,;:"))
    # "When it came out John was 8" is a condition and what follows from it.
    if "," not in quote and len(_SUBJECT_AND_VERB.findall(quote)) < 2:
        quote = _CONDITION.sub("", quote, count=1) if _CONDITION.match(quote) else quote
    return quote if quote and '"' not in quote and "\n" not in quote and "(" not in quote[:1] else None
