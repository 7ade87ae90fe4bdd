"""One self-contained HTML file: style, script and data inside, and a policy that forbids loading anything else.

The content of records goes into the page as JSON in a data block, and from there to the screen as text only. The policy
names the hashes of the page's own script and style: nothing else can run, whatever a record says.
"""

from __future__ import annotations

import base64
import hashlib
import re
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Any

from lemma.exceptions import RunDirectoryError
from lemma.report.colors import DARK, LIGHT, css_variables
from lemma.rundir.disk import json_line, write_whole

_TEMPLATE = Path(__file__).resolve().parent / "template"
_SCRIPTS = ("elements.js", "charts.js", "graph.js", "samples.js", "page.js")
_PLACE = re.compile(r"<!-- (\w+) -->")


def render_page(title: str, data: dict[str, Any]) -> bytes:
    """The page as the content of a file."""
    style = _read("page.css")
    for name, palette in (("light", LIGHT), ("dark", DARK)):
        style = style.replace(f"/* {name} segment colors */", css_variables(palette))
    script = "".join(map(_read, _SCRIPTS))
    parts = {
        "policy": f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'",
        "title": escape(title),
        "style": f"<style>{style}</style>",
        "data": f'<script type="application/json" id="data">{embedded(data)}</script>',
        "script": f"<script>{script}</script>",
    }
    # In a single pass, so that nothing inserted is itself taken for a placeholder.
    page = _PLACE.sub(lambda place: parts[place[1]], _read("page.html").replace("POLICY", parts["policy"]))
    return page.encode("utf-8", "replace")


def write_page(path: Path, page: bytes) -> None:
    """Write the page whole or not at all. Raises RunDirectoryError if the disk is full or the place not writable."""
    try:
        write_whole(path, page)
    except OSError as error:
        with suppress(OSError):
            path.with_name(path.name + ".tmp").unlink(missing_ok=True)
        raise RunDirectoryError(
            f"{path}: the page cannot be written: {error.strerror or error}; write it elsewhere with --output PATH"
        ) from None


def embedded(data: dict[str, Any]) -> str:
    """JSON that can neither end the script element around it nor begin a comment."""
    text = json_line(data).decode()
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _read(name: str) -> str:
    return (_TEMPLATE / name).read_text("utf-8")


def _hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
