"""Text to steps and back.

A step is a line of a GSM8K-style solution, or a sentence of a LaTeX one or of one that is a single paragraph; formulas,
environments and drawings are never cut. A number or heading, `1.` or `Step 1:`, belongs to the text after it. The final
answer stands in the text (`\\boxed{72}`) or is said after it (`The answer is 72`).

    >>> split_steps("He has 3 + 4 = 7.\\nSo he needs 10 - 7 = 3.\\n#### 3")
    ('He has 3 + 4 = 7.', 'So he needs 10 - 7 = 3.')
"""

from __future__ import annotations

import re
from collections.abc import Sequence

ANNOTATION = re.compile(r"<<[^<>\n]*>>")
# Before the options of a multiple choice, below its question.
VALUES_BELOW, LETTERS_BELOW = "\nChoose one of: ", "\nOptions:"
_MARKUP = re.compile(r"<[/|a-zA-Z]|\[/?T|\u25c1")
_THOUGHT_NAMES = r"(?:think|thinking|thought|thoughts|reasoning|seed:think|scratchpad|reflection)"
THOUGHT_BEGINS = re.compile(
    rf"<{_THOUGHT_NAMES}>|\[THINK\]|\u25c1think\u25b7|<\|(?:begin_of_thought|thinking|START_THINKING)\|>"
    r"|<\|channel\|>\s*analysis",
    re.IGNORECASE,
)
THOUGHT_ENDS = re.compile(
    rf"</{_THOUGHT_NAMES}>|\[/THINK\]|\u25c1/think\u25b7|<\|(?:end_of_thought|/thinking|END_THINKING)\|>"
    r"|<\|channel\|>\s*final",
    re.IGNORECASE,
)
# Special tokens of chat templates, between which a thought and what is said after it stand.
_TOKEN = re.compile(r"<\|[A-Za-z_/][^|<>\s]{0,40}\|>|<\uff5c[^<>|\uff5c]{1,40}\uff5c>|</s>")
_MARKED_ANSWER = re.compile(r"\s{0,9}####\s{0,9}\S.*")
_LATEX = re.compile(r"\\boxed|\\\[|\\begin\{|\$[^$\n\\^_{]*[\\^_{][^$\n]*\$")
# A box alone on its line belongs to the line before it.
_LINE_END = re.compile(r"[\n\r\x0b\x0c\x85\u2028\u2029](?!\s{0,9}\\boxed)")
_FORMULA_BEGINS = re.compile(r"\$|\\[\[(]|\\begin\{|\[asy\]")
_OPENING = re.compile(r"\[asy\]|\\begin\{([a-z*]+)\}|\\\[|(?<!\\)\$\$?")  # \$ is an amount of money
_CLOSING = {"[asy]": r"\[/asy\]", "\\[": r"\\\]", "$$": r"\$\$", "$": r"(?<!\\)\$"}
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|Mr|Mrs|Ms|Dr|St|No|cf|resp|Fig|approx)|\b[A-Z])\.$")
# In a plain paragraph, a sentence may also begin with a number, and one of a text without capitals with any letter.
_ABBREVIATION_IN_PARAGRAPH = re.compile(
    r"(?:(?i:\b(?:e\.g|i\.e|a\.m|p\.m|etc|vs|mr|mrs|ms|dr|st|cf|resp|approx|ca|avg|max|vol|z\.b|bzw))|\b[A-Z])\.$"
)
_BEFORE_NUMBERS = (
    *(
        "no",
        "No",
        "nr",
        "Nr",
        "rs",
        "Rs",
        "p",
        "pp",
        "eq",
        "Eq",
        "fig",
        "Fig",
        "ft",
        "in",
        "lb",
        "lbs",
        "oz",
        "hr",
        "hrs",
    ),
    "min",
)
_NUMBER_BEGINS = "".join(rf"(?<!\b{word}\.)" for word in _BEFORE_NUMBERS) + r"\s+(?=[-$]?\d)"
_PARAGRAPH_END = re.compile(
    rf"(?<=[.!?])(?:\s+(?=[A-Z\u00c0-\u00de\u0391-\u03a9\u0410-\u042f(\"'\u201c\u00ab])|{_NUMBER_BEGINS})"
    r"|(?<=[\u3002\uff01\uff1f])\s*(?=\S)"
)
_LOWER_PARAGRAPH_END = re.compile(rf"(?<=[.!?])(?:\s+(?=[a-z(])|{_NUMBER_BEGINS})")
_MARKER = re.compile(r"[*#(\s]{0,6}(?:Step\s)?\d{1,2}[.):]?[.):*\s]{0,4}", re.IGNORECASE)
_HEADING = re.compile(r"#{1,3}\s[^=\n]{1,80}")
_LONGEST_ABBREVIATION = len("approx.")
_SENTENCE_END = re.compile(
    r"(?<=[.!?\x01])\s+(?=[\x00A-Z(])|(?<=\x01)(?=[A-Z])|\n\s*\n|(?<=[.!?\x01])[ \t]*\n[ \t]*(?=[-\d])|"
    r"(?<=[.!?:\x00\x01])[ \t]*\n[ \t]*(?=\d{1,2}[.)]\s|\*\*Step\s)"
)
_STOP_INSIDE = re.compile(r"\.\s*(?:\$\$?|\\\]|\\end\{[a-z*]+\})$")  # MATH often writes the full stop into the formula
_DISPLAY, _NEW_SENTENCE = re.compile(r"\$\$|\\\[|\\begin"), re.compile(r"\s{0,9}[A-Z][a-z]{0,20}\s")


_ANSWER_LINE = re.compile(
    r"^\W*(?:(?:so|thus|hence|therefore),? )?(?:the )?(?:final )?answer\s*(?:is|:)"
    r"(?:[^a-z]*|[\s:*$]{0,9}-?\d[\d.,/]{0,30}%?"
    r"(?: (?!because|since|if|and|or|but|so|as|when|for|not|that)[a-z]{1,20}){1,2}[\s.*]{0,9})$",
    re.IGNORECASE,
)


_ITEM_NUMBER = re.compile(r"\A\s{0,9}(?:Step \d{1,4}\s{0,9}[:.]|\d{1,2}[.)]\s)\s{0,9}", re.IGNORECASE)
_STEP_NUMBER = re.compile(r"\A\s*Step (\d{1,4})\s*[:.]\s*", re.IGNORECASE)
_ONLY_MARKED_ANSWER = re.compile(r"\A\s*####\s*\S.{0,40}")
# In the languages of MGSM besides English.
_FOREIGN_ANSWER_LINE = re.compile(
    r"^\W*(?:(?:also|daher|donc|ainsi|entonces) ?,? ?)?"
    r"(?:die antwort (?:ist|lautet)|la r\u00e9ponse est|la respuesta es"
    r"|\u043e\u0442\u0432\u0435\u0442|\u7b54\u6848[\u662f\u4e3a]|\u7b54\u3048\u306f|jibu ni"
    r"|\u0e04\u0e33\u0e15\u0e2d\u0e1a\u0e04\u0e37\u0e2d"
    r"|\u0989\u09a4\u09cd\u09a4\u09b0 \u09b9\u09b2|\u0c38\u0c2e\u0c3e\u0c27\u0c3e\u0c28\u0c02)"
    r"[^\w=]{0,9}-?\d[\d.,/]{0,30}\W{0,5}$",
    re.IGNORECASE,
)


def without_options(question: str) -> str:
    """A question without the options shown below it, whose numbers are none of its story."""
    return question.partition(VALUES_BELOW)[0].partition(LETTERS_BELOW)[0]


def split_thought(text: str) -> tuple[str, str | None]:
    """What a text thinks, and what it says after that: None if it ends in the middle of a thought.

    >>> split_thought("<think>9 + 9 = 20?</think>It is 18.")
    ('<think>9 + 9 = 20?</think>', 'It is 18.')
    """
    if not _MARKUP.search(text):
        return "", text
    ends = [end.end() for end in THOUGHT_ENDS.finditer(text)]
    thought, said = (text[: ends[-1]], text[ends[-1] :]) if ends else ("", text)
    if begin := THOUGHT_BEGINS.search(said):
        return thought + said[begin.start() :], None
    if not thought:
        return "", text
    return thought, next((piece.strip() for piece in _TOKEN.split(said) if piece.strip()), "")


def split_steps(solution: str) -> tuple[str, ...]:
    """The steps of a solution's text, without its thoughts and its answer line. Empty when there is no text."""
    # An `A:` line is the answer only if nothing follows it.
    written = (split_thought(solution)[1] or "").rstrip()
    last_line = written.rfind("\n") + 1
    if written[last_line:].lstrip(" \t").startswith("A:"):
        written = written[:last_line]
    worked = _MARKED_ANSWER.sub("", written).strip()
    # Lines without formulas are not wrapped at a width, as those of MATH are, even if the answer has a box.
    has_lines = "\n" in worked and not _FORMULA_BEGINS.search(worked)
    if not has_lines and _LATEX.search(worked):
        shelved, blocks = _shelved(re.sub(r"[\x00\x01]", "", worked))
        pieces = [
            re.sub(r"\x00(\d+)[\x00\x01]", lambda match: blocks[int(match.group(1))], sentence)
            for sentence in _sentences(shelved, _SENTENCE_END, _ABBREVIATION)
        ]
    elif "\n" in worked:
        pieces = _LINE_END.split(worked)
    else:
        end = _PARAGRAPH_END if worked != worked.lower() or not worked.isascii() else _LOWER_PARAGRAPH_END
        pieces = _sentences(worked, end, _ABBREVIATION_IN_PARAGRAPH)
    steps = _with_markers([step for piece in pieces if (step := piece.strip())])
    return without_answer_line(steps) or tuple(steps)


def _sentences(text: str, end: re.Pattern[str], abbreviation: re.Pattern[str]) -> list[str]:
    sentences: list[list[str]] = []
    for piece in end.split(text):
        last = sentences[-1][-1] if sentences else ""
        if abbreviation.search(last, max(0, len(last) - _LONGEST_ABBREVIATION)):
            sentences[-1].append(piece)
        else:
            sentences.append([piece])
    return [" ".join(sentence) for sentence in sentences]


def _with_markers(steps: Sequence[str]) -> list[str]:
    """The steps, each with the number or heading before it."""
    joined: list[str] = []
    before = ""
    for step in steps:
        if _HEADING.fullmatch(step):
            before += f"{step}\n"
        elif _MARKER.fullmatch(step) and not step[-1].isdigit():
            before += f"{step} "
        else:
            joined.append(before + step)
            before = ""
    return [*joined, before.strip()] if before else joined


def _shelved(text: str) -> tuple[str, list[str]]:
    """The text with formulas, environments and drawings numbered, and these, so that none of them is cut.

    One pass: an opening whose closing is not there is looked for once, however often it comes.
    """
    blocks: list[str] = []
    pieces: list[str] = []
    unclosed: set[str] = set()
    done, opening = 0, _OPENING.search(text)
    while opening is not None:
        closing = _CLOSING.get(opening.group()) or re.escape(f"\\end{{{opening.group(1)}}}")
        end = None if closing in unclosed else re.compile(closing).search(text, opening.end())
        if end is None:
            unclosed.add(closing)
            opening = _OPENING.search(text, opening.end())
            continue
        pieces.append(text[done : opening.start()])
        done = end.end()
        blocks.append(text[opening.start() : done])
        is_display_alone = _DISPLAY.match(blocks[-1]) and _NEW_SENTENCE.match(text, done)  # without its full stop
        stop = "\x01" if is_display_alone or _STOP_INSIDE.search(blocks[-1]) else "\x00"
        pieces.append(f"\x00{len(blocks) - 1}{stop}")
        opening = _OPENING.search(text, done)
    return "".join((*pieces, text[done:])), blocks


def without_answer_line(steps: Sequence[str]) -> tuple[str, ...]:
    """The steps without a last line that only says the answer: `The answer is 72.`"""
    kept = len(steps)
    while kept:
        last = _ITEM_NUMBER.sub("", steps[kept - 1])
        if not (_ANSWER_LINE.match(last) or _FOREIGN_ANSWER_LINE.match(last) or _ONLY_MARKED_ANSWER.fullmatch(last)):
            break
        kept -= 1
    return tuple(steps[:kept])


def says_number(step: str, number: int) -> bool:
    """Whether a step begins with its number, as `Step 3: ...`."""
    found = _STEP_NUMBER.match(step)
    return found is not None and int(found[1]) == number


def numbered(steps: Sequence[str], first: int = 1) -> tuple[str, ...]:
    """Steps with their numbers, unless they say them: `Step 1: ...` and so on."""
    return tuple(
        step if says_number(step, number) else f"Step {number}: {step}"
        for number, step in enumerate(steps, start=first)
    )


def without_annotations(text: str) -> str:
    """The text as a reader sees it: `48/2 = <<48/2=24>>24 clips` becomes `48/2 = 24 clips`."""
    return ANNOTATION.sub("", text) if "<<" in text else text


def states_answer(steps: Sequence[str]) -> bool:
    """Whether the steps themselves carry the final answer in a `\\boxed{}`."""
    return any("\\boxed" in step for step in steps)


def answer_line(answer: str) -> str:
    """How a final answer is said after the steps: `The answer is 72`."""
    return f"The answer is {answer}"


def solution_text(steps: Sequence[str], final_answer: str) -> str:
    """Steps and final answer as one text, the answer, if there is one, in the form that the steps use."""
    lines = [*steps] if states_answer(steps) or not final_answer else [*steps, answer_line(final_answer)]
    return "\n".join(lines)
