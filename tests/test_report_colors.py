"""Trajectories as HTML: hostile text stays text, and every segment can be read on its background."""

from __future__ import annotations

import doctest
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lemma.report
from lemma.records import Segment, SegmentKind
from lemma.report import colors
from lemma.report.colors import DARK, LIGHT, trajectory_html
from lemma.report.page import render_page

KINDS = get_args(SegmentKind)
HOSTILE = [
    "</div><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "&lt;b&gt; &amp; &#60;i&#62;", "\"' style=x",
    "javascript:alert(1)", "<!-- ", "]]>", "\x00\x1b[31m\x07\x85", "\ud800 lone", "a\u202eb\u2028\u2029",
    "$x$ and $$y$$",
    "\n\n  leading\ttab", "<style>*{display:none}</style>", "</span></div></div>",
]  # fmt: skip


class Reader(HTMLParser):
    """The tags, the attributes and the text of a fragment."""

    def __init__(self, fragment: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(fragment)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)
        self.attributes |= {name for name, _ in attributes}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1] == "div":
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")


def shown(text: str) -> str:
    """A text as a page can hold it."""
    whole = "".join(
        c if c in "\n\t" or not (ord(c) < 32 or 127 <= ord(c) < 160) else "\ufffd" for c in text.rstrip("\n")
    )
    return "".join("\ufffd" if 0xD800 <= ord(c) < 0xE000 else c for c in whole)


def assert_is_text(text: str) -> None:
    segment = Segment.model_construct(kind="error", text=text)
    fragment = trajectory_html([segment, segment])
    found = Reader(fragment)
    assert found.tags == ["div", "div", "span", "div", "span"] and not found.open
    assert found.attributes == {"class", "style"}
    assert "".join(found.texts) == 2 * shown(text)
    fragment.encode()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    assert_is_text(text)


@given(st.text(max_size=60))
def test_any_text_stays_text(text: str) -> None:
    assert_is_text(text)


def test_each_segment_has_its_name_and_its_color() -> None:
    fragment = trajectory_html(Segment(kind=kind, text=f"text of {kind}\n") for kind in KINDS)
    for kind in KINDS:
        background, color = LIGHT[kind]
        pattern = f"background:{background};color:{color};[^>]*><span[^>]*>{kind}</span>text of {kind}</div>"
        assert re.search(pattern, fragment)
    assert "mathjax_ignore" in fragment


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_every_segment_can_be_read(palette: dict[str, tuple[str, str]]) -> None:
    """WCAG 2.2 asks for a contrast of 4.5; each block brings its own background, so the notebook's does not matter."""
    assert tuple(palette) == KINDS
    for background, color in palette.values():
        bright, dim = sorted(map(luminance, (background, color)), reverse=True)
        assert (bright + 0.05) / (dim + 0.05) >= 4.5


def luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def test_the_page_has_the_same_colors() -> None:
    page = render_page("x", {"samples": []}).decode()
    for palette in (LIGHT, DARK):
        for kind, (background, color) in palette.items():
            assert f"--{kind}: {background}; --{kind}-text: {color};" in page
    assert "segment colors */" not in page
    css = (Path(lemma.report.__file__).parent / "template" / "page.css").read_text("utf-8")
    assert not any(background in css for background, _ in (*LIGHT.values(), *DARK.values()))


def test_examples_in_docstrings() -> None:
    assert doctest.testmod(colors).failed == 0
