"""The colors of a trajectory's segments, in the report and in a notebook.

from IPython.display import HTML
HTML(trajectory_html(trajectory.segments))
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping

from lemma.records import Segment

# Background and text by segment kind. Every pair has a contrast of at least 4.5 to 1.
LIGHT: Mapping[str, tuple[str, str]] = {
    "prefix": ("#eef2f6", "#24292f"),
    "error": ("#ffebe9", "#82071e"),
    "check": ("#ddf4ff", "#0a3069"),
    "reflection": ("#fff8c5", "#633c01"),
    "correction": ("#dafbe1", "#0f5323"),
}
DARK: Mapping[str, tuple[str, str]] = {
    "prefix": ("#1c232c", "#d1d7e0"),
    "error": ("#3c1618", "#ffb3ad"),
    "check": ("#0c2d4a", "#a5d6ff"),
    "reflection": ("#33270a", "#f2cc60"),
    "correction": ("#0f2d1a", "#7ee787"),
}
_BLOCK = (
    "border-left:0.3em solid currentColor;border-radius:0.2em;margin:0.15em 0;padding:0.3em 0.7em;"
    "white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate"
)
_NOT_IN_HTML = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # control characters and lone surrogates
_NAME = "display:block;font-size:0.8em;font-weight:600"


def css_variables(palette: Mapping[str, tuple[str, str]]) -> str:
    """A palette as custom properties: `--error: #ffebe9; --error-text: #82071e; ...`."""
    return " ".join(f"--{kind}: {background}; --{kind}-text: {text};" for kind, (background, text) in palette.items())


def trajectory_html(segments: Iterable[Segment]) -> str:
    """A trajectory as a self-contained HTML fragment, each segment in its color, under its name.

    Text is escaped, and styles are inline. Every block sets both its background and its text color, so that it can be
    read in a light notebook and in a dark one. Math in the text is left as it is written.

    >>> trajectory_html([Segment(kind="error", text="3 < 2")]).count("&lt;")
    1
    """
    blocks = []
    for segment in segments:
        background, color = LIGHT[segment.kind]
        text = _NOT_IN_HTML.sub("\ufffd", segment.text.rstrip("\n"))
        blocks.append(
            f'<div style="background:{background};color:{color};{_BLOCK}">'
            f'<span style="{_NAME}">{segment.kind}</span>{html.escape(text)}</div>'
        )
    # Notebooks typeset $...$ in HTML unless an element has one of these classes.
    return f'<div class="tex2jax_ignore mathjax_ignore" style="line-height:1.5">{"".join(blocks)}</div>'
