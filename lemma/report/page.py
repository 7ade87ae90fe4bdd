"""One HTML file that needs nothing else: style, script and data inside, and a policy that forbids everything outside.

What records hold goes into the page as JSON in a data block, and from there to the screen as text alone. The policy
names the hashes of the page's own script and style: nothing else can run, whatever a record says.
"""

from __future__ import annotations

import base64
import hashlib
import re
from html import escape
from pathlib import Path
from typing import Any

from lemma.rundir.disk import json_line

_TEMPLATE = Path(__file__).resolve().parent / "template"
_SCRIPTS = ("elements.js", "charts.js", "graph.js", "samples.js", "page.js")
_PLACE = re.compile(r"<!-- (\w+) -->")


def render_page(title: str, data: dict[str, Any]) -> bytes:
    """The page as a file's content."""
    style = _read("page.css")
    script = "".join(map(_read, _SCRIPTS))
    parts = {
        "policy": f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'",
        "title": escape(title),
        "style": f"<style>{style}</style>",
        "data": f'<script type="application/json" id="data">{embedded(data)}</script>',
        "script": f"<script>{script}</script>",
    }
    # In one go, so that nothing that was put in is taken for a place to put something.
    page = _PLACE.sub(lambda place: parts[place[1]], _read("page.html").replace("POLICY", parts["policy"]))
    return page.encode("utf-8", "replace")


def embedded(data: dict[str, Any]) -> str:
    """JSON in which no character can end the script element that it stands in, or begin a comment."""
    text = json_line(data).decode()
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _read(name: str) -> str:
    return (_TEMPLATE / name).read_text("utf-8")


def _hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
