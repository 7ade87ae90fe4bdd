"""Where a solution in another language than English states its answer.

    >>> foreign_answer("Es bleiben 84 - 9 Kisten. Die Antwort ist 75.")
    '75'

The languages of MGSM (Bengali, Chinese, French, German, Japanese, Russian, Spanish, Swahili, Telugu, Thai) and others.
"""

from __future__ import annotations

import re
import unicodedata

_LATIN_NAMES = """
    antwort ergebnis endergebnis respuesta réponse reponse resposta risposta antwoord jibu jawaban jawabannya cevap
    yanıt odpowiedź odpowiedz odpověď odpoveď odgovor svaret svar vastaus răspunsul răspuns válasz sagot
"""
# `_` is a space.
_OTHER_NAMES = """
    ответ відповідь отговор απάντηση 答案 答え 解答 回答 答： 答: 정답 답은 답: 답： คำตอบ উত্তর సమాధానం उत्तर الجواب
    الإجابة جواب پاسخ תשובה đáp_án đáp_số câu_trả_lời kết_quả
"""
_NAME = re.compile(
    rf"\b(?:{'|'.join(_LATIN_NAMES.split())})\b|"
    + "|".join(re.escape(name).replace("_", r"\s") for name in _OTHER_NAMES.split()),
    re.IGNORECASE,
)
# An ASCII text without any of these has none of the names.
_HINTS = """
    ntwor espuesta esposta isposta eponse Jibu jibu awaban Cevap cevap rgebnis Svar svar dgovor astaus Sagot sagot
    dpowiedz
"""
_ASCII_HINTS = _HINTS.split()
# Negations, bounds and powers: a sentence with one of these does not plainly say that a number is the answer.
_DOUBTFUL_LATIN = """
    nicht kein keine keinen falsch mindestens höchstens weniger mehr niemals quadrat
    no nunca incorrecta incorrecto menos más maximo máximo minimo mínimo cuadrado
    pas jamais fausse faux moins plus carré não errada mais quadrado non mai sbagliata almeno meno quadrato
    niet geen minstens hoogstens minder meer si sio siyo angalau tidak bukan salah không sai ít_nhất değil az fazla
    nie mniej więcej není ne inte minst ikke nu mindst не ні нет
"""
_DOUBTFUL_OTHER = """
    менее более неверно квадрат 不是 不等 并非 非 错 至少 最多 超过 以上 以下 少于 多于 的平方 ではな じゃな ない
    少なく 二乗 아니 않 이상 이하 적어도 ไม่ อย่างน้อย নয় না অন্তত ভুল కాదు కనీసం తప్పు नहीं कम ज़्यादा ग़लत ليس ليست غير
    الأقل خطأ نیست לא
"""
_DOUBTFUL = re.compile(
    rf"\b(?:{'|'.join(_DOUBTFUL_LATIN.split()).replace('_', ' ')})\b|n['’]est pas|"
    + "|".join(map(re.escape, _DOUBTFUL_OTHER.split())),
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"(?:[\s:：*_=»>-]|\b(?:final|finale|richtige|correcta|correcte|correta|corretta|lautet|ist|beträgt|es|est|é|è|ni|is|"
    r"adalah|là|är|er|on|este|to|je|la|die|das|de|den|:|das)\b|(?:это|есть|є|είναι|应该是|应是|就是|是|为|為|等于|は|が|คือ|เป็น|หมายถึง|হল|হলো|হচ্ছে|"
    r"হয়|है|हैं|هو|هي|היא|הוא|은|는|이|—|–|దీని|ఇది)){1,12}"
)
_END = re.compile(r"[。।؟]|[.!?](?=\s|\*|$)|\n")
_NUMBER = re.compile(
    r"[-−]?(?:\\?[$€£¥₹]\s?)?(?:\d{1,3}(?:[.,\u00a0\u202f\u2009' ]\d{3}){1,6}(?:[.,]\d{1,9})?(?!\d)|\d+(?:[.,/]\d+)?)"
)
_AFTER_NUMBER = re.compile(r"\s?(?:\\?%|€|\$|°|[a-zA-Z]{1,3}[²³]?(?:/[a-z]{1,2})?(?![\w]))?")
_FORMULA = re.compile(r"\$([^$\n]{1,200})\$|\\\(([^\n]{1,200}?)\\\)")
_GROUPS = re.compile(r"(?<=\d)[\u00a0\u202f\u2009](?=\d{3}(?!\d))")
# `12 500 руб.` in a language that separates groups by spaces.
_SPACED_GROUPS = re.compile(r"(?<![\d.,:/*+=-])(?<![\d.,:/*+=-] )\d{1,3}(?: \d{3})+(?![\d/])")
_EUROPEAN_LETTER = re.compile(r"[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017e\u0400-\u04ff]")
_LONGEST = 300
_ATTEMPTS = 20


def foreign_answer(text: str) -> str | None:
    """The answer that follows the last word for "answer" in another language; None if there is no such word.

    What follows is returned as it is if it does not plainly say one number: "no es 75".
    """
    if text.isascii() and not any(hint in text for hint in _ASCII_HINTS):
        return None
    for name in reversed(list(_NAME.finditer(text))[-_ATTEMPTS:]):
        tail = text[name.end() : name.end() + _LONGEST].lstrip(" \t\n*:：")
        end = _END.search(tail)
        sentence = (tail[: end.start()] if end else tail).strip(" *_")
        if sentence:
            return _stated_in(sentence)
    return None


def is_doubtful(sentence: str) -> bool:
    """Whether a sentence in another language negates or limits what it says."""
    return not sentence.isascii() and _DOUBTFUL.search(unicodedata.normalize("NFC", sentence)) is not None


def join_groups(text: str) -> str:
    """The text without the spaces between groups of three digits; plain ones only in languages that write so."""
    text = _GROUPS.sub("", text)
    if not _EUROPEAN_LETTER.search(text):
        return text
    return _SPACED_GROUPS.sub(lambda number: number.group().replace(" ", ""), text)


def _stated_in(sentence: str) -> str:
    if _DOUBTFUL.search(unicodedata.normalize("NFC", sentence)):
        return sentence
    formulas = list(_FORMULA.finditer(sentence))
    if formulas:
        return (formulas[-1].group(1) or formulas[-1].group(2)).strip()
    numbers = list(_NUMBER.finditer(sentence.rsplit("=", 1)[-1]))
    if not numbers:
        lead = _LEAD.match(sentence)
        return sentence[lead.end() if lead else 0 :].strip(" *_:：") or sentence
    if len({number.group() for number in numbers}) > 1:
        return sentence
    after = _AFTER_NUMBER.match(numbers[-1].string, numbers[-1].end())
    return numbers[-1].group() + (after.group().rstrip() if after else "")
