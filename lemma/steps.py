"""Text to steps and back.

A step is a line of a GSM8K-style solution, or a sentence of a LaTeX one; formulas, environments and drawings are
never cut. The final answer stands in the text (`\\boxed{72}`) or is said after it (`The answer is 72`).

    >>> split_steps("He has 3 + 4 = 7.\\nSo he needs 10 - 7 = 3.\\n#### 3")
    ('He has 3 + 4 = 7.', 'So he needs 10 - 7 = 3.')
"""

from __future__ import annotations

import re
from collections.abc import Sequence

ANNOTATION = re.compile(r"<<[^<>\n]*>>")
_MARKED_ANSWER = re.compile(r"^[ \t]*####.*$", re.MULTILINE)
_LATEX = re.compile(r"\\boxed|\\\[|\\begin\{|\$[^$\n\\^_{]*[\\^_{][^$\n]*\$")
_OPENING = re.compile(r"\[asy\]|\\begin\{([a-z*]+)\}|\\\[|\$\$|\$")
_CLOSING = {"[asy]": "[/asy]", "\\[": "\\]", "$$": "$$", "$": "$"}
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|Mr|Mrs|Ms|Dr|St|No|cf|resp|Fig|approx)|\b[A-Z])\.$")
_LONGEST_ABBREVIATION = len("approx.")
_SENTENCE_END = re.compile(r"(?<=[.!?\x01])\s+(?=[\x00A-Z(])|\n\s*\n")
_STOP_INSIDE = re.compile(r"\.\s*(?:\$\$?|\\\]|\\end\{[a-z*]+\})$")  # MATH often writes the full stop into the formula


_ANSWER_LINE = re.compile(
    r"^\W*(?:(?:so|thus|hence|therefore),? )?(?:the )?(?:final )?answer\s*(?:is|:)[^a-z]*$", re.IGNORECASE
)


def split_steps(solution: str) -> tuple[str, ...]:
    """The steps of a solution's text, without its `#### 72` line. Empty when there is no text."""
    # An `A:` line is the answer only if nothing follows it.
    written = solution.rstrip()
    last_line = written.rfind("\n") + 1
    if written[last_line:].lstrip(" \t").startswith("A:"):
        written = written[:last_line]
    worked = _MARKED_ANSWER.sub("", written)
    pieces = _sentences(worked) if _LATEX.search(worked) else worked.splitlines()
    return tuple(step for piece in pieces if (step := piece.strip()))


def _sentences(text: str) -> list[str]:
    shelved, blocks = _shelved(re.sub(r"[\x00\x01]", "", text))
    sentences: list[list[str]] = []
    for piece in _SENTENCE_END.split(shelved):
        last = sentences[-1][-1] if sentences else ""
        if _ABBREVIATION.search(last, max(0, len(last) - _LONGEST_ABBREVIATION)):
            sentences[-1].append(piece)
        else:
            sentences.append([piece])
    return [
        re.sub(r"\x00(\d+)[\x00\x01]", lambda match: blocks[int(match.group(1))], " ".join(sentence))
        for sentence in sentences
    ]


def _shelved(text: str) -> tuple[str, list[str]]:
    """The text with formulas, environments and drawings numbered, and these, so that none of them is cut.

    One pass: an opening whose closing is not there is looked for once, however often it comes.
    """
    blocks: list[str] = []
    pieces: list[str] = []
    unclosed: set[str] = set()
    done, opening = 0, _OPENING.search(text)
    while opening is not None:
        closing = _CLOSING.get(opening.group()) or f"\\end{{{opening.group(1)}}}"
        end = -1 if closing in unclosed else text.find(closing, opening.end())
        if end < 0:
            unclosed.add(closing)
            opening = _OPENING.search(text, opening.end())
            continue
        blocks.append(text[opening.start() : end + len(closing)])
        stop = "\x01" if _STOP_INSIDE.search(blocks[-1]) else "\x00"
        pieces += (text[done : opening.start()], f"\x00{len(blocks) - 1}{stop}")
        done = end + len(closing)
        opening = _OPENING.search(text, done)
    return "".join((*pieces, text[done:])), blocks


def without_answer_line(steps: Sequence[str]) -> tuple[str, ...]:
    """The steps without a last line that only says the answer: `The answer is 72.`"""
    kept = len(steps)
    while kept and _ANSWER_LINE.match(steps[kept - 1]):
        kept -= 1
    return tuple(steps[:kept])


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
