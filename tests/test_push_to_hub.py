"""`build-sft --push-to-hub` against a server that speaks the Hub's protocol over a real socket."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest

from lemma.cli import main

pytest.importorskip("huggingface_hub")


class Hub(ThreadingHTTPServer):
    """Data sets by name, each a mapping of files; requests without the right key are refused."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.created: list[dict[str, Any]] = []
        self.key = "Bearer right"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Authorization") != self.server.key:
            self._answer({"error": "Invalid username or password."}, 401)
        elif self.path == "/api/repos/create":
            self.server.created.append(orjson.loads(body))
            self._answer({"url": f"{self.server.address}/datasets/me/records"})
        elif self.path == "/api/validate-yaml":
            self._answer({"errors": [], "warnings": []})
        elif "/preupload/" in self.path:
            files = [found | {"uploadMode": "regular", "shouldIgnore": False} for found in orjson.loads(body)["files"]]
            self._answer({"files": files})
        else:
            self._commit(body)

    def do_GET(self) -> None:
        tree = "/tree/" in self.path
        listed = [{"type": "file", "path": name, "size": 1, "oid": "0" * 40} for name in self.server.files]
        self._answer(listed if tree else {"id": "me/records", "sha": "0" * 40, "siblings": []})

    def _commit(self, body: bytes) -> None:
        for line in map(orjson.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                self.server.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "deletedFile":
                del self.server.files[value["path"]]
        address = f"{self.server.address}/datasets/me/records/commit/{'0' * 40}"
        self._answer({"success": True, "commitOid": "0" * 40, "commitUrl": address})

    def _answer(self, content: Any, status: int = 200) -> None:
        body = orjson.dumps(content)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    from huggingface_hub import constants

    with Hub() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(constants, "ENDPOINT", server.address)
        monkeypatch.setenv("HF_TOKEN", "right")
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hub") / "run"
    assert main(["augment", "--run", str(folder), "--per-problem", "1", "--workers", "1"]) == 0
    return folder


def build(run: Path, *more: str) -> int:
    return main(["build-sft", "--run", str(run), "--workers", "1", "--push-to-hub", "me/records", *more])


def test_what_is_in_the_folder_is_on_the_hub(hub: Hub, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hub.files = {"old.jsonl": b"{}", ".gitattributes": b"kept"}
    assert build(run, "--records", "lemma,cot", "--shape", "messages", "--fresh") == 0
    assert f"{hub.address}/datasets/me/records" in capsys.readouterr().out
    assert hub.created[0]["visibility"] == "private"
    here = {path.name: path.read_bytes() for path in (run / "sft").iterdir()}
    assert hub.files == {**here, ".gitattributes": b"kept"}
    assert {"lemma.jsonl", "cot.jsonl", "README.md", "dataset_info.json"} <= set(hub.files)
    assert b"config_name: lemma" in hub.files["README.md"]
    # The same command again makes nothing and uploads what is there: the way to push later, or after a failure.
    hub.files = {}
    assert build(run, "--records", "lemma,cot", "--shape", "messages") == 0
    assert hub.files == here


@pytest.mark.parametrize(
    ("name", "key"), [("me/records", "another"), ("a/b/c", "right"), ("", "right"), ("me/re cords", "right")]
)
def test_what_the_hub_refuses_is_said_in_one_line(
    hub: Hub,
    run: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    key: str,
) -> None:
    hub.key = f"Bearer {key}"
    assert main(["build-sft", "--run", str(run), "--workers", "1", "--fresh", "--push-to-hub", name]) == 1
    error = capsys.readouterr().err
    assert f"--push-to-hub {name}: " in error and "Traceback" not in error and "right" not in error
    assert (run / "sft/lemma.jsonl").stat().st_size, "the records are there all the same"
    assert hub.files == {}


def test_a_hub_that_is_not_there(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_TOKEN", "right")
    assert build(run, "--fresh") == 1
    assert "--push-to-hub me/records: " in capsys.readouterr().err
