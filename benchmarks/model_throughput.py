"""How close a client comes to the ideal throughput, against a local server with fixed latency on the same cores.

lemma runs the whole `lemma sample` command, which stores and grades every answer. It is compared, in the same run, with
a minimal loop over aiohttp, one over the openai client (neither stores anything), and curator.

    python benchmarks/model_throughput.py --calls 20000
    python benchmarks/model_throughput.py --calls 5000 --contenders lemma,openai,curator --curator-python PYTHON

Times are of whole processes, from start to exit. curator needs its own environment; pass its interpreter.

    python -m venv curator && curator/bin/pip install bespokelabs-curator==0.1.31
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEXT = (
    "A shop sells pencils by the box, and each box holds the same number of pencils as there are days in a week. " * 2
)

AIOHTTP_LOOP = """
import asyncio, json, sys, aiohttp
url, calls, in_flight, prompt = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]

async def work(session, numbers):
    for number in numbers:
        body = {"model": "m", "messages": [{"role": "user", "content": f"What is problem {number}? {prompt}"}]}
        async with session.post(url + "/chat/completions", json=body) as response:
            (await response.json())["choices"][0]["message"]["content"]

async def main():
    numbers = iter(range(calls))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=in_flight)) as session:
        await asyncio.gather(*(work(session, numbers) for _ in range(in_flight)))

asyncio.run(main())
"""

OPENAI_LOOP = """
import asyncio, sys, httpx2, openai
url, calls, in_flight, prompt = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]

async def work(client, numbers):
    for number in numbers:
        messages = [{"role": "user", "content": f"What is problem {number}? {prompt}"}]
        answer = await client.chat.completions.create(model="m", messages=messages)
        answer.choices[0].message.content

async def main():
    numbers = iter(range(calls))
    pool = openai.DefaultAioHttpClient(limits=httpx2.Limits(max_connections=in_flight))
    async with openai.AsyncOpenAI(base_url=url, api_key="none", http_client=pool) as client:
        await asyncio.gather(*(work(client, numbers) for _ in range(in_flight)))

asyncio.run(main())
"""

# curator fetches its tokenizer from the internet when it starts; litellm, which it needs, has brought it along.
CURATOR = """
import os, sys
from importlib.util import find_spec
tokenizers = os.path.join(os.path.dirname(find_spec("litellm").origin), "litellm_core_utils", "tokenizers")
os.environ |= {"TELEMETRY_ENABLED": "0", "CURATOR_DISABLE_RICH_DISPLAY": "1", "TIKTOKEN_CACHE_DIR": tokenizers}
from bespokelabs import curator
url, calls, in_flight, prompt = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]

class Asker(curator.LLM):
    def prompt(self, row):
        return row["question"]
    def parse(self, row, answer):
        return {"answer": answer}

asker = Asker(
    model_name="m", backend="openai",
    backend_params={"base_url": url, "max_concurrent_requests": in_flight,
                    "max_requests_per_minute": 10**7, "max_tokens_per_minute": 10**10},
)
asker([{"question": f"What is problem {number}? {prompt}"} for number in range(calls)], working_dir=sys.argv[5])
"""


@dataclass(frozen=True)
class Result:
    """Wall-clock and CPU seconds, and memory in MB: at its peak, and halfway through."""

    wall: float
    cpu: float
    peak: float
    halfway: float


def run(command: list[str]) -> Result:
    """Run a process to completion and measure it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": "none"}
    started = time.perf_counter()
    memory = []
    with tempfile.TemporaryFile() as said:  # a pipe that nobody reads would stop a process that says a lot
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=said)
        while True:
            finished, status, usage = os.wait4(process.pid, os.WNOHANG)
            if finished:
                break
            memory.append(resident_mb(process.pid))
            time.sleep(0.2)
        wall = time.perf_counter() - started
        if os.waitstatus_to_exitcode(status):
            said.seek(0)
            raise SystemExit(f"{' '.join(command[:2])} failed: {said.read().decode()[-2000:]}")
    return Result(wall, usage.ru_utime + usage.ru_stime, max(memory), memory[len(memory) // 2])


def resident_mb(pid: int) -> float:
    """Resident memory of a process and its children."""
    pages = 0
    for process in (pid, *children(pid)):
        try:
            pages += int(Path(f"/proc/{process}/statm").read_text().split()[1])
        except (FileNotFoundError, ProcessLookupError, IndexError):
            continue
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def children(pid: int) -> list[int]:
    """Ids of a process's children."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def command_of(contender: str, loop: list[str], curator_python: str) -> list[str]:
    """The command of a contender. `loop` is the address, calls, calls in flight, prompt text, and a working folder."""
    scripts = {"aiohttp": AIOHTTP_LOOP, "openai": OPENAI_LOOP, "curator": CURATOR}
    if contender in scripts:
        return [curator_python if contender == "curator" else sys.executable, "-c", scripts[contender], *loop]
    url, calls, in_flight, _, folder = loop
    problems = Path(folder) / "problems.jsonl"
    rows = ({"question": f"What is problem {number}? {TEXT}", "answer": str(number)} for number in range(int(calls)))
    problems.write_text("".join(json.dumps(row) + "\n" for row in rows))
    flags = f"-n 1 --model m --base-url {url} --max-in-flight {in_flight} --run {folder}/run"
    return [sys.executable, "-m", "lemma", "sample", str(problems), *flags.split()]


def main() -> None:
    """Run the contenders one after another and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--in-flight", type=int, default=512)
    parser.add_argument("--latency", type=float, default=1.0, help="seconds")
    parser.add_argument("--contenders", default="aiohttp,openai,lemma", help="contenders in order, also: curator")
    parser.add_argument("--curator-python", default=sys.executable, help="interpreter that has bespokelabs-curator")
    flags = parser.parse_args()
    ideal = flags.in_flight / flags.latency
    print(f"{flags.calls:,} calls, {flags.in_flight} in flight, {flags.latency:g} s latency: ideal {ideal:,.0f}/s")
    server = [sys.executable, str(ROOT / "benchmarks/model_server.py"), "--latency", str(flags.latency)]
    for contender in flags.contenders.split(","):
        with tempfile.TemporaryDirectory() as folder, subprocess.Popen(server, stdout=subprocess.PIPE, text=True) as up:
            assert up.stdout is not None
            url = f"http://127.0.0.1:{up.stdout.readline().strip()}/v1"
            loop = [url, str(flags.calls), str(flags.in_flight), TEXT, folder]
            try:
                result = run(command_of(contender, loop, flags.curator_python))
            finally:
                up.kill()
        rate = flags.calls / result.wall
        print(
            f"{contender:8} {rate:6.1f}/s  {rate / ideal:6.1%} of ideal  {result.cpu / flags.calls * 1000:5.2f} ms CPU "
            f"per call  {result.peak:4.0f} MB peak, {result.halfway:4.0f} MB halfway",
            flush=True,
        )


if __name__ == "__main__":
    main()
