"""Text from outside (a server, a data file, a name) made fit for one line of a terminal."""

from __future__ import annotations

import re

_ESCAPES = re.compile(
    r"(?:\x1b\]|\x9d)[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"  # OSC: titles, links, the clipboard
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c\n]*(?:\x1b\\|\x9c)?"  # DCS, SOS, PM, APC
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI: colors, the cursor
    r"|\x1b[ -/]*[0-~]?"
)
# Controls that are left, and the marks that reorder or hide what stands around them.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def visible(text: str, most: int | None = None) -> str:
    r"""The text without escape sequences and control characters, on one line, cut to `most` characters.

    >>> visible("no\x1b]52;c;aGk=\x07 \x1b[31mway\x1b[0m\nout")
    'no way out'
    """
    line = " ".join(_UNSEEN.sub("", _ESCAPES.sub("", text)).split())
    return line if most is None or len(line) <= most else f"{line[: most - 1]}…"


def escaped(text: str) -> str:
    r"""The text with everything that is not printable written out; lines and tabs stay.

    >>> escaped("red \x1b[31m")
    'red \\x1b[31m'
    """
    return "".join(
        character if character.isprintable() or character in "\n\t" else character.encode("unicode_escape").decode()
        for character in text
    )


def one_line(text: str) -> str:
    """Text like `escaped`, with line ends written out too."""
    return escaped(text).replace("\n", "\\n").replace("\t", "\\t")
