"""Quote whole clauses, never pieces of them, for explanations that say which number is meant: "each teddy bear cost $1"
of "Each toy car cost $2 and each teddy bear cost $1."
"""

from __future__ import annotations

import re
from functools import lru_cache

_SENTENCE_END = re.compile(r"(?<![.\s][A-Za-z])(?<!Dr)(?<!Mr)(?<!Mrs)(?<!Ms)(?<!St)[.?!](?=\s|$|[\"”])|\n")
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
    r"that['’]s|it['’]s|[a-z]+n['’]t|[a-z]{3,}ed)\b|\b(?:[Hh]e|[Ss]he|[Ii]t|[A-Z][a-z]+) (?!is\b)[a-z]{2,}s\b"
)
_SUBJECT_AND_VERB = re.compile(rf"\b(?:[Hh]e|[Ss]he|[Ii]t|[Tt]hey|[Ww]e|I|[A-Z][a-z]+) (?:{_VERB.pattern})")
# What may go on with a list, and what never does.
_LISTS = re.compile(r",\s+(?:(?:and|or)\s+)?|\s+and\s+")
_ASKS = re.compile(r"(?:how|what|which|who|calculate|find|determine)\b", re.IGNORECASE)
# "A manicure starts at $35 while a pedicure starts at $40": of two sides, one is quoted.
_CONTRAST = re.compile(r";|\b(?:while|whereas)\b")
_LONGEST_SENTENCE, _LONGEST = 14, 26  # words
_NO_MORE = r"(?:and|but|or|so|while|because|since|if|when|which|who|that|where|how|then)\b"
_WORDS_BEHIND = re.compile(rf"%?(?:[ -](?!{_NO_MORE})\$?[\w'’/]{{1,20}}%?){{1,6}}(?![\w'’/%])")
_NEEDS_MORE = re.compile(
    r" (?:his|her|their|its|our|my|your|is|are|was|were|has|have|had|can|will|would|more|each of)$"
)
_WORDS_BEFORE = re.compile(r"(?<![\w'’/-])[A-Za-z'’-]{2,20} [A-Za-z'’-]{1,20} (?:[A-Za-z'’-]{1,20} ){0,3}\$?$")


@lru_cache(maxsize=8192)
def clause_around(text: str, start: int, end: int) -> str | None:
    """The whole clause of a text around a place, without the word that joins it to the one before; None if it is too
    long to be quoted, or would make no sense by itself.
    """
    begin = max((found.end() for found in _SENTENCE_END.finditer(text, 0, start)), default=0)
    ending = _SENTENCE_END.search(text, end)
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
    behind it, else those before it. None if there are none.

    >>> words_around("She has 12 candied apples for $2 each, which she sells.", 8, 10)
    '12 candied apples for $2 each'
    """
    start -= text[start - 1 : start] == "$"
    behind = _WORDS_BEHIND.match(text, end)
    quote = text[start : behind.end() if behind is not None else end]
    while " " in quote and (_BROKEN_OFF.search(quote) or _NEEDS_MORE.search(quote)):
        quote = quote.rpartition(" ")[0]
    if " " not in quote:
        before = _WORDS_BEFORE.search(text, 0, start)
        quote = text[before.start() : end] if before is not None else ""
    return quote if '"' not in quote and "\n" not in quote and quote else None


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
