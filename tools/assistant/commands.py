"""`python -m manifest mcp`, and the process that it asks."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from hookspecs import Command
from tools.assistant.answers import Answers
from tools.assistant.fresh_command import FreshCommand
from tools.assistant.live_process import BOOTED, COMMAND, LiveProcess
from tools.assistant.protocol import ExtraMissingError, serve_stdio

KEPT_OUT = "mcp is for development: unset ENV, or set ENV=development"


def commands(root: Path, live_answers: Callable[[], Answers | None]) -> list[Command]:
    """Make both; `live_answers` are those of the system that has booted, None outside development."""

    async def serve(_arguments: argparse.Namespace) -> int:
        if os.environ.get("ENV", "development") != "development":  # this system's own settings are scratch ones
            return _failed(KEPT_OUT)
        process = LiveProcess(root)
        try:
            await serve_stdio(Answers(FreshCommand(root), process))
        except ExtraMissingError as error:
            return _failed(f"python -m manifest mcp: {error}")
        finally:
            await process.close()
        return 0

    async def answer(_arguments: argparse.Namespace) -> int:
        answers = live_answers()
        return _failed(KEPT_OUT) if answers is None else await _answer_lines(answers)

    return [
        Command("mcp", "serve an assistant (MCP) over stdin and stdout", _no_arguments, serve),
        Command(
            COMMAND, "what `mcp` starts: answer lines of JSON on the real settings", _no_arguments, answer, real=True
        ),
    ]


def _no_arguments(_parser: argparse.ArgumentParser) -> None:
    """Take none."""


async def _answer_lines(answers: Answers) -> int:
    """Answer each line of stdin with one of stdout, which nobody else may write to from now on."""
    sys.stdout.flush()
    with os.fdopen(os.dup(1), "wb") as wire:
        os.dup2(2, 1)
        wire.write(BOOTED)
        wire.flush()
        while line := await asyncio.to_thread(sys.stdin.buffer.readline):
            asked = json.loads(line)
            told = await answers.answer(asked["name"], asked["arguments"])
            wire.write(json.dumps({"mcp": told._asdict()}).encode() + b"\n")
            wire.flush()
    return 0


def _failed(text: str) -> int:
    print(text, file=sys.stderr)
    return 1
