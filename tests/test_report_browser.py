"""The report in a real browser: it opens from disk, loads nothing, filters, searches, draws, and can be read by all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from browser import CHROMIUM, Browser, open_browser
from sft_data import add_near_duplicate
from test_report import HOSTILE, data_of, hostile_run

from lemma.cli import main
from lemma.report.page import render_page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here; apt-get install chromium brings it")

# Relative luminance and contrast as WCAG 2.2 defines them, over the nearest background that is painted.
CONTRAST = """
(() => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = (color) => parts(color).slice(0, 3).map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const background = (node) => {
    for (; node; node = node.parentElement) {
      const color = getComputedStyle(node).backgroundColor;
      if ((parts(color)[3] ?? 1) > 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const low = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || node.closest("svg, script, style, noscript, .skip")) continue;
    const pair = [luminance(getComputedStyle(node).color), luminance(background(node))].sort((a, b) => b - a);
    const contrast = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (contrast < 4.5) low.push(`${node.tagName}.${node.className} ${contrast.toFixed(2)}: ${node.textContent.slice(0, 40)}`);
  }
  return low;
})()
"""  # noqa: E501
SHOWN = "[...document.querySelectorAll('article h3')].map((node) => node.textContent)"
FOUND = "document.getElementById('found').textContent"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with something from every stage that the page shows."""
    folder = tmp_path_factory.mktemp("browser") / "run"
    assert main(["augment", "--run", str(folder), "--limit", "30", "--per-problem", "8", "--workers", "1"]) == 0
    add_near_duplicate(folder)
    assert main(["build-sft", "--run", str(folder), "--workers", "1", "--near-duplicates", "0.6"]) == 0
    weights = {"weights": {"calculation_error": 70.0, "missing_step": 30.0}, "note": "percentages of 20 errors"}
    (folder / "distribution.json").write_bytes(orjson.dumps(weights))
    checkpoint = folder / "model" / "checkpoint-20"
    checkpoint.mkdir(parents=True)
    history = [
        {"step": step, name: 3.0 / (1 + step)}
        for step in range(0, 21, 5)
        for name in ("loss", "loss_error", "loss_correction", "eval_loss", "eval_loss_error")
    ]
    (checkpoint / "trainer_state.json").write_bytes(orjson.dumps({"log_history": history}))
    (folder / "eval" / "before").mkdir(parents=True)
    figure = {
        "suite": "accuracy",
        "figure": "accuracy",
        "label": "accuracy (greedy)",
        "model": "m",
        "percent": True,
        "problems": 50,
    }
    groups = ("all", "error_type=missing_step")
    figures = [{**figure, "group": group, "value": 0.25, "low": 0.1, "high": 0.4} for group in groups]
    (folder / "eval/before/results.json").write_bytes(
        orjson.dumps({"data": "test.jsonl", "figures": figures, "scripted": True})
    )
    difference = {"value": 0.125, "low": -0.01, "high": 0.3, "p": 0.03}
    compared = [
        {
            "suite": "accuracy",
            "figure": "accuracy",
            "label": "accuracy (greedy)",
            "first": 0.5,
            "second": 0.375,
            "percent": True,
        }
    ]
    (folder / "eval/after-against-before.json").write_bytes(orjson.dumps([compared[0] | {"difference": difference}]))
    assert main(["report", "--run", str(folder)]) == 0
    return folder


@pytest.fixture
def page(browser: Browser, run: Path) -> Browser:
    browser.look()
    browser.open(run / "report.html")
    return browser


def choose(browser: Browser, control: str, value: str) -> None:
    """Set a filter as a person does: the value, and the event that tells of it."""
    event = "control.dispatchEvent(new Event('input', {bubbles: true}))"
    script = f"const control = document.getElementById({orjson.dumps(control).decode()}); control.value = "
    browser.evaluate(f"{{ {script}{orjson.dumps(value).decode()}; {event} }}")


def test_it_opens_without_a_complaint_and_loads_nothing(page: Browser, run: Path) -> None:
    assert page.problems == []
    assert page.requests == [(run / "report.html").resolve().as_uri()]
    sections = page.evaluate("[...document.querySelectorAll('nav a')].map((link) => link.hash)")
    assert sections == [
        "#funnel", "#types", "#lengths", "#costs", "#phrases", "#duplicates", "#training", "#evaluation", "#samples",
    ]  # fmt: skip
    text = page.evaluate("document.body.textContent")
    for shown in (
        "70.0%",
        "near duplicate",
        "25.0%",
        "10.0% to 40.0%",
        "12.5%",
        "percentages of 20 errors",
        "before, on test.jsonl (before: scripted student, not a model)",
        "accuracy (greedy)",
    ):
        assert shown in text
    for wrong in ("undefined", "[object", "NaN", "Infinity"):
        assert wrong not in page.evaluate("document.getElementById('main').innerText")


def test_filters_and_search(page: Browser, run: Path) -> None:
    samples = data_of(run / "report.html")["samples"]
    of_type = [sample for sample in samples if sample["type"] == "missing_step"]
    choose(page, "type", "missing_step")
    assert set(page.evaluate(SHOWN)) == {"missing step"}
    assert page.evaluate(FOUND).startswith(f"{len(of_type)} of {len(samples)} samples match")
    choose(page, "strategy", "restart")
    views = "[...document.querySelectorAll('article > .strategy')].map((node) => node.textContent)"
    assert set(page.evaluate(views)) <= {"trajectory, strategy restart", "wrong solution"}
    word = of_type[0]["question"].split()[0].lower()
    choose(page, "search", f"{word} MISSING")
    questions = page.evaluate("[...document.querySelectorAll('article')].map((node) => node.textContent.toLowerCase())")
    assert questions and all(word in text for text in questions)
    choose(page, "search", "no text is like this")
    assert page.evaluate(SHOWN) == [] and page.evaluate(FOUND).startswith("0 of")
    choose(page, "origin", "symbolic")
    choose(page, "search", "")
    assert page.problems == []


def test_all_samples_can_be_reached(page: Browser, run: Path) -> None:
    samples = data_of(run / "report.html")["samples"]
    page.evaluate(
        "(() => { const more = document.querySelector('#samples > button'); while (!more.hidden) more.click(); })()"
    )
    assert len(page.evaluate(SHOWN)) == len(samples)
    assert page.evaluate("document.activeElement.tagName") == "H3"
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    page.evaluate("new Promise((done) => setTimeout(done, 300))")
    assert page.evaluate("document.querySelectorAll('svg.graph').length") == sum(bool(s["graph"]) for s in samples)
    assert page.problems == []


def test_a_sample_shows_segments_marks_and_graph(page: Browser, run: Path) -> None:
    sample = next(
        s for s in data_of(run / "report.html")["samples"] if s["type"] == "calculation_error" and s["trajectories"]
    )
    choose(page, "search", sample["id"])
    kinds = page.evaluate("[...document.querySelectorAll('article .segment > .name')].map((node) => node.textContent)")
    assert kinds == [segment[0] for trajectory in sample["trajectories"] for segment in trajectory["segments"]]
    marks = page.evaluate("[...document.querySelectorAll('article mark')].map((m) => [m.firstChild.data, m.title])")
    wrong = sample["steps"][sample["at"]]
    assert marks[: len(marks) // 2] == [[piece[0], f"instead of {piece[1]}"] for piece in wrong if len(piece) > 1]
    page.evaluate("document.querySelector('article details').open = true")
    page.evaluate("new Promise((done) => setTimeout(done, 100))")
    states = page.evaluate("[...document.querySelectorAll('svg.graph g')].map((node) => node.getAttribute('class'))")
    drawn = [node["state"].replace(" ", "-") for node in sample["graph"]]
    assert [state for state in states if state in drawn].count("changed") == drawn.count("changed") == 1
    label = page.evaluate("document.querySelector('svg.graph').getAttribute('aria-label')")
    assert all(node["right"] in label for node in sample["graph"]) and "changed here" in label


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1100])
def test_it_can_be_read(browser: Browser, run: Path, dark: bool, width: int) -> None:
    browser.look(dark=dark, width=width)
    browser.open(run / "report.html")
    browser.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    browser.evaluate("new Promise((done) => setTimeout(done, 300))")
    assert browser.evaluate(CONTRAST) == []
    assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the window"
    assert browser.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(13, 17, 23)" if dark else "rgb(255, 255, 255)"
    )


def test_it_is_open_to_keyboards_and_screen_readers(page: Browser) -> None:
    without_text = "[...document.querySelectorAll('svg')].filter((s) => !s.matches('[aria-label], [aria-hidden=true]'))"
    assert page.evaluate(f"{without_text}.length") == 0
    unnamed = (
        "[...document.querySelectorAll('select, input, button')].filter((c) => !c.labels?.length && !c.textContent)"
    )
    assert page.evaluate(f"{unnamed}.length") == 0
    twice = "(() => { const all = [...document.querySelectorAll('[id]')].map((n) => n.id); return all.length - new Set(all).size })()"  # noqa: E501
    assert page.evaluate(twice) == 0
    page.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the samples"
    page.press("Enter")
    assert page.evaluate("location.hash") == "#samples"
    page.evaluate("document.querySelector('article summary').focus()")
    page.press("Enter")
    assert page.evaluate("document.querySelector('article details').open") is True


def test_hostile_records_are_shown_as_text(browser: Browser, tmp_path: Path) -> None:
    folder = hostile_run(tmp_path / "run")
    assert main(["report", "--run", str(folder)]) == 0
    browser.look()
    browser.open(folder / "report.html")
    browser.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    assert browser.problems == [] and len(browser.requests) == 1
    assert browser.evaluate("document.title") == "lemma: run"
    assert browser.evaluate("document.querySelectorAll('script').length") == 2
    assert browser.evaluate("document.querySelectorAll('img, b, main script').length") == 0
    shown = browser.evaluate("[...document.querySelectorAll('article .question')].map((node) => node.textContent)")
    assert sorted(shown) == sorted(text.replace("\\ud800", "\ufffd\ufffd\ufffd") for text in HOSTILE)
    for text in HOSTILE:
        choose(browser, "type", text.replace("\\ud800", "\ufffd\ufffd\ufffd"))
        assert len(browser.evaluate(SHOWN)) == 1


def test_a_script_that_got_into_the_page_would_not_run(browser: Browser, tmp_path: Path) -> None:
    page = render_page("x", {"samples": []}).replace(b"<main", b"<script>document.title = 'owned'</script><main")
    (tmp_path / "page.html").write_bytes(page)
    browser.open(tmp_path / "page.html")
    assert browser.evaluate("document.title") == "x"
    assert any("Content Security Policy" in problem for problem in browser.problems)
