"""A model that is a program: the prompt on its standard input, the answer on its standard output."""

from __future__ import annotations

import asyncio
import shlex
from subprocess import PIPE

import orjson

from lemma.models.protocol import InterruptedAnswerError, Request
from lemma.options import ModelConfig


class Program:
    """Runs a command line once per request."""

    def __init__(self, command: str) -> None:
        self.name = command

    async def answer(self, request: Request) -> bytes:
        """What the program prints. Raises InterruptedAnswerError if it fails; lemma then tries again."""
        program = await asyncio.create_subprocess_exec(*shlex.split(self.name), stdin=PIPE, stdout=PIPE)
        printed, _ = await program.communicate(request.prompt_text().encode())
        if program.returncode:
            raise InterruptedAnswerError(f"{self.name} exited with {program.returncode}")
        message = {"role": "assistant", "content": printed.decode("utf-8", "replace")}
        return orjson.dumps({"choices": [{"message": message, "finish_reason": "stop"}]})

    async def close(self) -> None:
        """Nothing to close."""


def open_backend(config: ModelConfig, model: str) -> Program:
    """What `--backend program --model "COMMAND"` opens."""
    return Program(model)
