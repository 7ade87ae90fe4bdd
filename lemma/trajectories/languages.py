"""The language of a problem, by its script and its most frequent words.

    >>> language_of("Wie viele Äpfel hat Anna, wenn sie 3 isst?")
    'de'
    >>> language_of("Quante mele ha Anna se ne mangia 3?")
    'und'

Only the languages that have phrases are told apart; all others are `und`, undetermined. Formulas without words count as
English, the language of nearly all data sets.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

ENGLISH, UNDETERMINED = "en", "und"
LANGUAGES = (ENGLISH, "de", "es", "fr", "zh", "ja", "ru")

# Frequent words; those that several languages share count less. Italian, Portuguese and Dutch are here to be told from
# Spanish, French and German.
_FREQUENT = {
    "en": "the of and to is how many are each what for she he they with has will at from all if more it that "
    "there her his does much find let we then have can this by which so be total equation value number in "
    "on as an was were",
    "de": "der die das und ist wie viele sie er ein eine für mit auf wenn hat nicht zu von den dem des kostet "
    "insgesamt pro jeder jede jeden im am wird sind wieviel werden ihr ihre aus nach sich es dann also "
    "man in",
    "es": "el la los las y es cuántos cuántas cuánto cada para con por si tiene en un una del que de su ella se "
    "más hay entonces al son le ha como lo pero total cuesta",
    "fr": "le la les et est combien chaque pour avec par si elle il un une des du que de sa son ses qui au aux "
    "sont dans plus donc on ce cette a à ont en coûte d l",
    "it": "il lo gli e è quanti quante quanto ogni per con se ha un una del che di suo sua più sono nel alla ne "
    "le la i quindi totale costa della dei",
    "pt": "o os as e é quantos quantas quanto cada para com por se tem em um uma do da que de seu sua mais há "
    "são no na ele ela então custa dos",
    "nl": "de het en is hoeveel elk elke voor met als heeft een van dat die ze hij zijn op te niet in dan per "
    "totaal kost er aan om bij",
}
_LANGUAGES_OF = {
    word: {language for language, words in _FREQUENT.items() if word in words.split()}
    for words in _FREQUENT.values()
    for word in words.split()
}
_LATIN_WORD = re.compile(r"[a-zà-öø-ÿœß]+")
_LATIN_LETTER = re.compile(r"[A-Za-z\u00c0-\u024f]")
# In LaTeX, formulas and drawings: their letters are no words of any language, though `y`, `e` and `d` look like some.
_NO_WORDS = re.compile(
    r"\[asy\].*?\[/asy\]|\$\$.*?\$\$|(?<!\\)\$(?:\\\$|[^$])*\$|\\\[(?:(?!\\[\[\]]).)*\\\]"
    r"|\\\((?:(?!\\[()]).)*\\\)"
    r"|\\begin\{(\w+\*?)\}.*?\\end\{\1\}",
    re.DOTALL,
)
_COMMAND = re.compile(r"\\[A-Za-z]+")
_KANA, _HAN = re.compile("[\u3040-\u30ff]"), re.compile("[\u4e00-\u9fff]")
_CYRILLIC, _NOT_RUSSIAN = re.compile("[\u0400-\u04ff]"), re.compile("[іїєґўјљњћђџ]", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")
_FEWEST_WORDS = 4
_MOST_CHARACTERS = 500


@lru_cache(maxsize=4096)
def language_of(text: str) -> str:
    """The code of a language that has phrases (`LANGUAGES`), or `und`."""
    if "\\" in text:
        text = _COMMAND.sub(" ", _NO_WORDS.sub(" ", text[: 8 * _MOST_CHARACTERS]))
    text = text[:_MOST_CHARACTERS]
    if not text.isascii():  # else all letters are Latin ones
        letters = len(_LETTER.findall(text))
        if len(_KANA.findall(text)) * 10 > letters:
            return "ja"
        if len(_HAN.findall(text)) * 4 > letters:
            return "zh"
        if len(_CYRILLIC.findall(text)) * 2 > letters:
            return UNDETERMINED if _NOT_RUSSIAN.search(text) else "ru"
        if len(_LATIN_LETTER.findall(text)) * 2 < letters:
            return UNDETERMINED  # another script
    words = [word for word in _LATIN_WORD.findall(text.lower()) if len(word) > 1 or word in _LANGUAGES_OF]
    seen: Counter[str] = Counter()
    for word in words:
        languages = _LANGUAGES_OF.get(word, ())
        for language in languages:
            seen[language] += 6 // len(languages)
    best = seen.most_common(2)
    if not best:
        return ENGLISH if len(words) < _FEWEST_WORDS else UNDETERMINED
    tied = len(best) > 1 and best[0][1] == best[1][1]
    return best[0][0] if best[0][0] in LANGUAGES and not tied else UNDETERMINED
