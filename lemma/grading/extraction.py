r"""Where in a text the final answer stands.

In this order: the last balanced `\boxed`, the last `####`, the last "answer is", an `A:` line, the text itself where it
is nothing but an answer, bold in the last line, the last formula or number. Every step is one pass over the text, so
that its cost is linear in the length of hostile text too.
"""

from __future__ import annotations

import re
from operator import itemgetter

from lemma.grading.languages import foreign_answer, is_doubtful, join_groups
from lemma.grading.number_words import replace_number_words
from lemma.grading.phrases import REFUTED, is_negated, modifier_start
from lemma.grading.responses import final_response

# Prose is searched for a number only this far from its end: a final answer stands at the end.
_PROSE_WINDOW = 4000
# A whole text longer than this is no bare answer.
_BARE_LENGTH = 1000
_PHRASE_ATTEMPTS = 50

_BRACES = re.compile(r"(\\(?:boxed|fbox)\s*\{)|\\.|([{}])", re.DOTALL)
_BOXED_TOKEN = re.compile(r"\\boxed\s+([^\s${}\\.,]+)")
_BETWEEN_BOXES = re.compile(
    r"[\s$]*(?:,|;|\\text\{\s*(?:and|or)\s*\}|,?\s*(?:and|or))[\s$]*(?:[a-zA-Z](?:_\{?\w+\}?)?\s*=[\s$]*)?"
)
# What next to a box makes it a part of a larger formula.
_FENCE = re.compile(r"(?<!\\)\$|\\[\[\]()]")
_OPERATOR_BEFORE = (
    r"[-+−/^±≠<>≤≥]|\\(?:cdot|times|div|pm|mp|ne|neq|not|lt|gt|le|leq|ge|geq|log|ln|sin|cos|tan)"
    r"|\\(?:[dt]?frac|sqrt)\s?(?:\[\d+\]\s?)?\{|\\[dt]?frac\s?\{[^{}]{1,20}\}\s?\{|[\^_]\{"
)
_CHANGES_INSIDE = re.compile(rf"(?:{_OPERATOR_BEFORE}|(?<![A-Za-z\d])[\d.]{{1,9}}|(?<!\*)\*)\s*$")
_CHANGES_BESIDE = re.compile(r"(?:(?<!^)(?<![\s*-])[-+/^]|^-|(?<=\s)[-−+](?=$)|[≠<>≤≥±]\s?|\d|(?<!\*)(?<=\d)\*)$")
_OPERATOR_AFTER = (
    r"(?:\^(?!\s*\{?\s*\\circ)|_|/|\\(?:cdot|times|div|pm|pi|sqrt)(?![a-zA-Z])|[-+−*]\s*[\d\\a-zA-Z(]|\.\d)"
)
_CHANGES_AFTER_INSIDE = re.compile(rf"\d|\s*(?:{_OPERATOR_AFTER}|!|[a-zA-Z](?![a-zA-Z]))")
_CHANGES_AFTER_BESIDE = re.compile(rf"(?:(?:{_OPERATOR_AFTER}|\d)\S{{0,20}}|!(?=[\d\w^+*/-])\S{{0,20}})")
_HEADING = re.compile(
    r"(?:step|part|case|solution|conclusion|verification|summary|note)\b|\d{1,4}[.)]\s{1,9}[A-Za-z]", re.I
)
_ANSWER_HEADING = re.compile(r"[*_#\s]{0,20}(?:the\s{1,9})?(?:final\s{1,9})?answers?[*_:\s]{0,20}", re.I)
_ANSWER_WORD = re.compile(r"[Aa]nswers?\b|ANSWERS?\b|(?:[Cc]orrect|[Rr]ight)\s+(?:[Cc]hoice|[Oo]ption)\b")
_AFTER_ANSWER = re.compile(
    r"(?:\s*\([^()\n]{0,40}\))?"
    r"(?:[^.\n:=?!]{0,80}?(?:\b(?:is|are|be|equals|(?:is|was|are|were)n['’]t)\b|[:=])[*_]*(?:\s*:)?|[*_]*\s*\n)\s*",
    re.I,
)
# Most answers of grade-school data are one number and the end of the line.
_PLAIN_LINE = re.compile(r"\s*(\$?-?\d+(?:,\d{3})*(?:\.\d+)?%?)\.?[ \t]*(?:\n|$)")
_DISPLAY = re.compile(r"[\s:*]*(?:\$\$(.+?)\$\$|\\\[(.+?)\\\])", re.DOTALL)
_SENTENCE_END = re.compile(
    r"(?<![\s.])(?<!\b[ap]\.m)(?<!\bsq)(?<!\bft)(?<!\bvs)\.(?=[\s*$\"']*\s|[\s*$\"']*$)|\n|[!?](?=\s+[A-Z])"
)
# What chat models end with: "Would you like me to try 10 pallets?"
_LONGEST_OFFER = 300
_OFFER = re.compile(
    r"(?:(?<=[.!?*)\n])|(?<=[.!?]\s))\s*(?:Do you (?:want|need|have)|Would you like|Want me to|Shall I"
    r"|Should I|Can I help|Let me know|Please let me"
    r"|Feel free|If you (?:have|need|want|would)|I hope this|Hope this|Is there anything)\b[^.!?\n]{0,200}[.!?]*\s*$"
)
_CHOSEN = re.compile(
    r"(?:\b(?:[Oo]ption|[Cc]hoice)\s{1,3}|(?=[*]{0,2}\())[*(]{0,3}([A-J])[)*]{0,3}\s{1,3}is\s{1,3}(?:the\s{1,3})?"
    r"(?:correct|right)(?![a-z])"
)
_BOLD = re.compile(r"\*\*([^*\n]+)\*\*|__([^_\n]+)__|\\textbf\{([^{}\n]+)\}|<b>([^<\n]+)</b>")
_LABELLED = re.compile(r"[a-z]\s*:")
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}")
_LATEX_WORDS = re.compile(r"\\(?:text|mbox|math|operator)[a-z]*\s*\{[^{}]*\}|\\(?:begin|end)\{[^{}]*\}")
# A text with one of these is a sentence, not an answer that stands alone.
_VERBS_AND_PRONOUNS = """
    is are was were be has have had makes make will would can could should so therefore thus hence then answer since
    because we i he she they it there this that which needs costs gets get do know let must now takes weighs equals
    total sum gives left each every per sure unsure
    ends begins starts arrives departs finishes opens closes lasts remains remain earns spends pays buys bought sells
    sold leaves leave shows show reads read loses lost wins won counts runs walks drives travels wants reaches
    donc il elle ils elles reste restent gagne gagnent faut bleiben bleibt sind gibt hat haben insgesamt gana ganan
    queda quedan hay tiene tienen cuesta cuestan paga pagan rimangono restano zostaje
"""
_SENTENCE_WORDS = frozenset(_VERBS_AND_PRONOUNS.split())
_NUMBER = (
    # `10:30 a.m.`, `3:5` or `3 : 5`
    r"\d{1,4}(?:(?: : |:)\d{1,4}){1,3}(?!\d)(?:\s?[aApP]\.?[mM](?![a-zA-Z]))?|\d{1,2} ?h ?\d{2}(?!\w|\.\d)"
    r"|(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?(?:\s+\d+/\d+|/\d+)?|\.\d+"
    r"|\\[dt]?frac\{-?\d+\}\{\d+\}"
)
_SIGN = r"(?:(?<![\w)\]}.])[-−])?"
_QUANTITY = rf"{_SIGN}(?:\\?[$€£]\s?)?{_SIGN}(?:{_NUMBER})(?:\s?(?:\\?%|°|[²³]))?"
_LAST_QUANTITY = re.compile(rf"{_QUANTITY}(?:(?:[ ]?[a-zA-Z²³/^°]++){{1,3}}(?:\s+and)?\s+{_QUANTITY}(?=\s*[a-zA-Z]))?")
_UNIT_TAIL = re.compile(
    r" ?(?!(?:and|or|so|is|in|for|with|from|than|of|to)\b)[a-zA-Z°]++[²³]?(?![^\W\d_])(?:/[a-zA-Z]+)?(?:\^\d)?"
    r"(?: (?:per|an?)? ?[a-zA-Z]++(?![^\W\d_])){0,4}"
)
_FORMULA = re.compile(
    r"\$\$(.{1,1000}?)\$\$|(?<![\\$])\$([^$\n]{1,1000}?)(?<!\\)\$|\\\((.{1,1000}?)\\\)|\\\[(.{1,1000}?)\\\]", re.DOTALL
)
_BETWEEN_BOXES_LENGTH = 60
_SHORT = 14
_NON_ANSWER = re.compile(
    r"[?.\s-]*(?:n/?a|unknown|idk|tbd|unclear|unsure|undetermined|not (?:sure|clear|known))?[?.\s-]*", re.I
)
# What GSM8K's solutions have for a calculator.
_CALCULATION = re.compile(r"<<[^<>]*>>")
# Runs are bounded so that hostile text cannot make these take quadratic time.
_ASIDE = re.compile(
    r"\s{1,9}\((?![^()]{0,200}(?:\\|\b(?:sin|cos|tan|log|ln|exp|sqrt|pi)\b))[^()]{0,200}[A-Za-z]{3}[^()]{0,200}\)[.\s]{0,9}$"
)
# `18, not 19` is 18.
_CONTRAST = re.compile(
    r"^(\s*[$*]{0,3}-?\d[\d,.]{0,20}[$*%]{0,3}(?: [a-z]{1,20})?),? (?:and not|not|rather than|instead of) [^,.]{1,40}$"
)
_EXCLAMATION = re.compile(r"(?<=\w)[!?]+$")
_FOREIGN_WORD = re.compile(r"[^\W\d_A-Za-z\u0370-\u03ff]{2}")
_ARROW = re.compile(
    r"^\s*(?:=>|->|[→⇒⟹∴]|\\(?:Rightarrow|implies|therefore)(?![a-zA-Z])|(?i:ans|result|output)\.?\s?[:=])\s*"
)
# `D because 9 > 8` is D.
_REASON = re.compile(r"^(.{1,60}?),? (?:because|since)\b.*$", re.DOTALL)
_COPULA = re.compile(r"\b(?:is|are|was|were|be|equals)\s+")
_NEGATION = re.compile(r"\b(?:not|cannot|never|neither|nor|wrong|incorrect)\b|n['’]t\b", re.I)


def find_answer(text: str) -> str | None:
    r"""The final answer stated in `text`, as it was written, or None.

    >>> find_answer("So \\boxed{3}. No: \\boxed{\\frac{1}{2}}.")
    '\\frac{1}{2}'
    >>> find_answer("Janet makes **$18** every day.")
    '$18'
    """
    response = final_response(text)
    if response is None:
        return None
    text = response if response.isascii() else join_groups(response)
    if "\\boxed" in text or "\\fbox" in text:
        boxed = _last_boxed(text)
        if boxed is not None:
            return boxed
    if "####" in text:
        marked = _after_hashes(text)
        if marked is not None:
            return marked
    if marked := _after_last_marker(text) or foreign_answer(text):
        return marked
    if chosen := list(_CHOSEN.finditer(text[-_PROSE_WINDOW:])):
        return chosen[-1].group(1)
    tidied = _tidy(_ASIDE.sub("", text)) if len(text) <= _BARE_LENGTH else ""
    bold = _BOLD.search(text)
    is_bare = tidied and (bold is None or bold.group(2)) and _looks_bare(tidied)
    return tidied if is_bare else _from_prose(text[-_PROSE_WINDOW:])


def is_read_from_words(text: str, answer: str) -> bool:
    """Whether `answer` is only what follows the verb of an unmarked sentence: of "Evelyn is right", `right`."""
    return answer == _after_copula(text.strip()) and not _looks_bare(_tidy(text)) and not _after_last_marker(text)


def _last_boxed(text: str) -> str | None:
    boxes = _balanced_boxes(text)
    if not boxes:
        bare = _BOXED_TOKEN.findall(text)
        return str(bare[-1]) if bare else None
    begin, start, end = boxes[-1]
    if in_formula := _formula_around(text, begin, end):
        return in_formula
    answers = [text[start:end]]
    is_negated = modifier_start(text, begin, "negation") < begin
    for previous_begin, start, end in reversed(boxes[:-1]):
        # `x = \boxed{1} or x = \boxed{2}` is one answer with two parts.
        is_near = begin - end < _BETWEEN_BOXES_LENGTH
        if not (is_near and _BETWEEN_BOXES.fullmatch(text, end + 1, begin)):
            break
        answers.append(text[start:end])
        begin = previous_begin
    # A box in a box is only a group.
    answer = _tidy(", ".join(reversed(answers)).replace("\\boxed", ""))
    return f"not {answer}" if is_negated and answer else answer or None


def _formula_around(text: str, begin: int, end: int) -> str | None:
    r"""`2(18)` for `$2\boxed{18}$`: the formula that a box is only a part of; None if the box stands by itself."""
    before = text[max(0, begin - _BETWEEN_BOXES_LENGTH) : begin].rsplit("\n", 1)[-1]
    after = text[end + 1 : end + 1 + _BETWEEN_BOXES_LENGTH].split("\n", 1)[0]
    fence = _FENCE.search(after)
    openings = list(_FENCE.finditer(before))
    # Outside of a formula, only what touches the box belongs to it: `- \boxed{18}` is an item of a list.
    is_inside = fence is not None and bool(openings)
    head = before[openings[-1].end() :] if is_inside else before
    tail = after[: fence.start()] if is_inside and fence else after
    changed_before = (_CHANGES_INSIDE if is_inside else _CHANGES_BESIDE).search(head)
    changed_after = (_CHANGES_AFTER_INSIDE if is_inside else _CHANGES_AFTER_BESIDE).match(tail)
    if not changed_before and not changed_after:
        return None
    content = text[text.index("{", begin) + 1 : end]
    if changed_before and changed_before.group().strip() == "1":
        return f"1{content}"  # one times eighteen, or 118: only that it is not 18 can be told
    if not is_inside:
        head, tail = changed_before.group() if changed_before else "", changed_after.group() if changed_after else ""
    return _tidy(f"{head}({content}){tail}") or None


def _balanced_boxes(text: str) -> list[tuple[int, int, int]]:
    """Where every box begins, and its content begins and ends: of boxes that are closed, not empty and in no other."""
    open_braces: list[tuple[int, int] | None] = []
    boxes: list[tuple[int, int, int]] = []
    for match in _BRACES.finditer(text):
        if match.group(1):
            open_braces.append(match.span())
        elif match.group(2) == "{":
            open_braces.append(None)
        elif match.group(2) and open_braces:
            box = open_braces.pop()
            if box is not None and not text[box[1] : match.start()].isspace() and match.start() > box[1]:
                while boxes and boxes[-1][0] > box[0]:
                    boxes.pop()
                boxes.append((*box, match.start()))
    return boxes


def _after_hashes(text: str) -> str | None:
    end = len(text)
    while (at := text.rfind("####", 0, end)) >= 0:
        tail = text[at + 4 : end].lstrip("# \t")
        heading = _ANSWER_HEADING.match(tail)
        if heading:
            tail = tail[heading.end() :]
        line = tail.lstrip().split("\n", 1)[0].strip()
        if line and not _HEADING.match(line):
            return _first_answer(line)
        end = at
    return None


def _after_last_marker(text: str) -> str | None:
    """What follows the last "answer is" or `A:` line, whichever comes last."""
    # Where each answer begins, and where the word for it does.
    starts: list[tuple[int, int | None]] = []
    at = _last_a_line(text)
    if at is not None:
        plain = _PLAIN_LINE.match(text, at)
        if plain and plain.end() == len(text):
            return plain.group(1)
        starts.append((at, None))
    # Looking for these is much faster than the expression, which never matches without one of them.
    if "nswer" in text or "NSWER" in text or "hoice" in text or "ption" in text:
        for match in list(_ANSWER_WORD.finditer(text))[-_PHRASE_ATTEMPTS:]:
            after = _AFTER_ANSWER.match(text, match.end())
            if after:
                starts.append((after.end(), match.start()))
    for start, word in sorted(starts, key=itemgetter(0), reverse=True)[:_PHRASE_ATTEMPTS]:
        if answer := _first_answer(text[start : start + _PROSE_WINDOW]):
            negated = word is not None and (_NEGATION.search(text, word, start) or is_negated(text, word))
            return f"not {answer}" if negated else answer
    return None


def _last_a_line(text: str) -> int | None:
    """Where the answer begins in the last line that begins with `A:`; None if there is no such line."""
    end = len(text)
    for _ in range(_PHRASE_ATTEMPTS):
        end = text.rfind("A:", 0, end)
        if end < 0:
            break
        if not text[text.rfind("\n", 0, end) + 1 : end].strip():
            return end + 2
    return None


def _first_answer(tail: str) -> str | None:
    """The answer at the beginning of what follows a marker."""
    if plain := _PLAIN_LINE.match(tail):
        return plain.group(1)
    display = _DISPLAY.match(tail)
    if display:
        return _tidy(display.group(1) or display.group(2))
    tail = _CALCULATION.sub("", tail).rstrip()
    end = _SENTENCE_END.search(tail)
    sentence = tail[: end.start()] if end else tail
    answer = _tidy(_EXCLAMATION.sub("", _ASIDE.sub("", _CONTRAST.sub(r"\1", _REASON.sub(r"\1", sentence)))))
    if not answer:
        return None
    if _looks_bare(answer):
        return answer
    return answer if _NEGATION.search(answer) else _from_prose(sentence) or answer


def _looks_bare(text: str) -> bool:
    """Whether a text is an answer and nothing else: no word of a sentence, and few words at all."""
    if ("\n" in text and "\\begin" not in text) or _FOREIGN_WORD.search(text):
        return False
    words = [word.lower() for word in _WORD.findall(replace_number_words(_LATEX_WORDS.sub(" ", text)))]
    return len(words) <= 5 and _SENTENCE_WORDS.isdisjoint(words)


def _from_prose(text: str) -> str | None:
    text = _CALCULATION.sub("", text)
    while offer := _OFFER.search(text, max(0, len(text) - _LONGEST_OFFER)):
        if not text[: offer.start()].strip():
            break
        text = text[: offer.start()]
    lines = text.strip().rsplit("\n", 1)
    last_line = lines[-1]
    bold = list(_BOLD.finditer(last_line))
    for match in reversed(bold):
        content = next(group for group in match.groups() if group)
        answer = _tidy(content.rsplit(":", 1)[-1] if _LABELLED.search(content) else content)
        if answer:
            return _in_context(last_line, match.start(), match.end(), answer)
    return (
        _last_formula_or_number(text) or _last_formula_or_number(replace_number_words(text)) or _after_copula(last_line)
    )


def _last_formula_or_number(text: str) -> str | None:
    # Words between dollar signs, as in `$5 and then $`, make two prices rather than a formula.
    formulas = [
        match
        for match in _FORMULA.finditer(text)
        if len(_WORD.findall(_LATEX_WORDS.sub(" ", match.group(2) or ""))) <= 1
    ]
    numbers = list(_LAST_QUANTITY.finditer(text))
    if formulas and (not numbers or numbers[-1].start() < formulas[-1].end()):
        formula = formulas[-1]
        content = _tidy(next(group for group in formula.groups() if group))
        return _in_context(text, formula.start(), formula.end(), content)
    if not numbers:
        return None
    number = numbers[-1]
    unit = _UNIT_TAIL.match(text, number.end())
    end = unit.end() if unit else number.end()
    return _in_context(text, number.start(), end, _tidy(text[number.start() : end]))


def _in_context(text: str, start: int, end: int, answer: str) -> str:
    """An answer from a sentence, with the words beside it that change what it says: `at least 18`, `not 18`."""
    if REFUTED.match(text, end):
        return f"not {answer}"
    begin = modifier_start(text, start)
    if begin < start:
        return _tidy(text[begin:start].replace("*", "") + answer)
    if is_negated(text, start) or is_doubtful(text[max(0, start - 25) : end + 12]):
        return _tidy(text[max(0, start - 25) : end])  # unreadable: which number is meant cannot be told
    return answer


def _after_copula(sentence: str) -> str | None:
    if _NEGATION.search(sentence):
        return None
    parts = _COPULA.split(sentence)
    return _tidy(parts[-1]) if len(parts) > 1 else None


def _tidy(answer: str) -> str:
    """The answer without what surrounds it; nothing if it says only that there is none."""
    answer = _ARROW.sub("", answer)
    answer = _without_punctuation(answer.strip().strip("*_`\"' \t\n")).strip("*_`\"' ")
    for opening, closing in (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]")):
        if answer.startswith(opening) and answer.endswith(closing) and len(answer) > len(opening) + len(closing):
            inner = answer[len(opening) : -len(closing)]
            if opening not in inner:
                answer = _without_punctuation(inner.strip())
                break
    return "" if len(answer) < _SHORT and _NON_ANSWER.fullmatch(answer) else answer


def _without_punctuation(answer: str) -> str:
    """Without a full stop and the like at the end; an ellipsis is part of a number."""
    answer = answer.rstrip(",;:? \t\n")
    while answer.endswith(".") and not answer.endswith(".."):
        answer = answer[:-1].rstrip(",;:? \t\n")
    return answer
