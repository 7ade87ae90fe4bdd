r"""From the raw text of a model to the part of it that may state the answer.

Dropped are thoughts (`<think>...</think>`), special tokens of chat templates, what follows the end of the turn, and a
next question with its answer, which base models like to add.

    >>> final_response("<think>9 + 9 = 20?</think>It is 18.<|im_end|>")
    'It is 18.'
"""

from __future__ import annotations

import re

from lemma.steps import THOUGHT_BEGINS, THOUGHT_ENDS

# Without one of these there is nothing to drop. `<<3*4=12>>` is a calculation in GSM8K, and no markup.
# An expression that begins with one certain character is fast.
_TAG = re.compile(r"<[/|a-zA-Z\uff5c]")
_OTHER_MARKUP = re.compile(r"\[/?[A-Z]|\u25c1")
_ANSWER_TAG = re.compile(r"<(?:final_?)?answer>", re.IGNORECASE)
_ANSWER_TAG_ENDS = re.compile(r"</(?:final_?)?answer>", re.IGNORECASE)

_USER = (
    r"<\|im_start\|>\s*(?:user|system)|<\|start_header_id\|>\s*(?:user|system)|<start_of_turn>\s*user|\[INST\]"
    r"|<\|(?:user|system|start\|>(?:user|system)|User)\b[^|<>]{0,20}\|?>|<\uff5cUser\uff5c>"
)
_ASSISTANT = (
    r"<\|im_start\|>\s*assistant|<\|start_header_id\|>\s*assistant\s*<\|end_header_id\|>|<start_of_turn>\s*model"
    r"|\[/INST\]|<\|assistant\|>|<\|start\|>assistant|<\uff5cAssistant\uff5c>"
)
_USER_TURN = re.compile(_USER)
_ASSISTANT_TURN = re.compile(_ASSISTANT)
_TURN_ENDS = re.compile(
    r"</s>|<\|(?:end|eot|eom|im_end|return|call|eos|stop|EOT|END)[^|<>\s]{0,30}\|>|<\uff5cend[^<>|]{0,40}\uff5c>"
    rf"|<(?:eos|pad|EOS|EOD|eod|EOT|eot|end_of_turn|end_of_utterance|end_of_sentence)>|\[(?:EOS|/s|END)\]|{_USER}|\[/INST\]"
)
_OTHER_TOKENS = re.compile(
    rf"{_ASSISTANT}|<s>|<bos>|<unk>|<\|[A-Za-z_][A-Za-z_0-9]{{2,40}}\|>|<\uff5c[^<>|\uff5c]{{1,40}}\uff5c>"
)
_NEXT_QUESTION = re.compile(
    r"\n(?=[ \t*#QNPEIHU])[ \t]{0,8}(?:[*]{2}|#{1,4} )?"
    r"(?:(?:(?:Next |New )?(?:Question|Problem|Exercise|Instruction|Input|Human|User)|Q)(?: ?\d{1,3})?(?:[*]{2})?:"
    r"|#{1,4} (?:Instruction|Question|User|Input|Problem|Exercise|Example|Task)\b)"
)
# Words for "question" in other languages, each with a colon after it; in French a space comes before that.
_FOREIGN_QUESTIONS = """
    Question(?=.:) Frage Aufgabe Pregunta Problema Problème Domanda Pergunta Vraag Swali Pytanie Soru Вопрос Задача
    问题 問題 質問 题目 문제 질문 คำถาม প্রশ্ন ప్రశ్న
"""
_FOREIGN_QUESTION = re.compile(
    rf"\n[ \t*#]{{0,8}}(?:{'|'.join(_FOREIGN_QUESTIONS.split())})\s?(?:\d{{1,3}})?(?:[*]{{2}})?\s?[:\uff1a]"
)
_JSON_ANSWER = re.compile(
    r"[\"'](?:final_?)?answer[\"']\s*:\s*(?:\"((?:[^\"\\\n]|\\.){1,300})\"|(-?[\d.,/]{1,40}))\s*[,}]", re.IGNORECASE
)
_STATED = re.compile(r"answer|####|\\boxed|(?:^|\n)\s{0,4}A:", re.IGNORECASE)
_DIGIT = re.compile(r"\d")


def final_response(text: str) -> str | None:
    """The part of a model's text that may state the answer; None if it ends in the middle of a thought.

    None also if another question follows and nothing says which of the two answers is meant.
    """
    if _TAG.search(text) or (("[" in text or not text.isascii()) and _OTHER_MARKUP.search(text)):
        response = _without_markup(text)
        if response is None:
            return None
        text = response
    if stated := _in_json(text):
        return stated
    if ":" in text or "\uff1a" in text:
        foreign = _FOREIGN_QUESTION.search(text)
        if foreign and _DIGIT.search(text, 0, foreign.start()):
            text = text[: foreign.start()]
    begin = 0
    while following := _NEXT_QUESTION.search(text, begin):
        # Only what comes after the last question is searched: of many questions, each part is read once.
        if _STATED.search(text, begin, following.start()):
            return text[: following.start()]
        if _DIGIT.search(text, begin, following.start()):
            return None
        begin = following.end()  # an introduction, after which the question is only repeated
    return text


def _in_json(text: str) -> str | None:
    """The answer in an object that is the whole text: `{"reasoning": "...", "answer": "18"}`."""
    stripped = text.strip()
    if not stripped.startswith(("{", "```")) or not stripped.endswith(("}", "```")):
        return None
    found = _JSON_ANSWER.findall(stripped)
    return (found[-1][0].replace("\\\\", "\\") or found[-1][1]) if found else None


def _without_markup(text: str) -> str | None:
    thought_ends = [end.end() for end in THOUGHT_ENDS.finditer(text)]
    text = text[thought_ends[-1] if thought_ends else 0 :]
    if THOUGHT_BEGINS.search(text):
        return None
    # A whole conversation: the answer is the first turn of the assistant.
    user, assistant = _USER_TURN.search(text), _ASSISTANT_TURN.search(text)
    if (
        user
        and assistant
        and user.start() < assistant.start()
        and not _OTHER_TOKENS.sub("", text[: user.start()]).strip()
    ):
        text = text[assistant.end() :]
    pieces = (_OTHER_TOKENS.sub("\n", piece) for piece in _TURN_ENDS.split(text))
    text = next((piece for piece in pieces if piece.strip()), "")
    tags = list(_ANSWER_TAG.finditer(text))
    if tags:
        end_tag = _ANSWER_TAG_ENDS.search(text, tags[-1].end())
        inner = text[tags[-1].end() : end_tag.start() if end_tag else len(text)]
        text = inner if inner.strip() else text
    return text
