"""Who asks, what is counted, and a clock that a test moves."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import httpx
from starlette.responses import Response, StreamingResponse

from hookspecs import Refusal
from tools.http.contract import Context


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Bearer:
    """Takes any token, as `<subject>` or `<subject>:<scope>`."""

    scheme, scopes = "bearer", ()

    async def __call__(self, context: Context) -> Any:
        name, _, scope = context.headers.get("authorization", "").partition(":")
        if not name:
            raise Refusal(401, "sign in")
        return SimpleNamespace(subject=name, scopes=(scope,))


def by(name: str) -> dict[str, str]:
    return {"authorization": name}


class Counted:
    """A handler that counts its runs."""

    def __init__(self) -> None:
        self.runs = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.started = asyncio.Event()

    async def get(self) -> dict[str, int]:
        self.runs += 1
        self.started.set()
        await self.gate.wait()
        return {"run": self.runs}

    async def post(self, data: dict[str, Any], context: Context) -> dict[str, int]:
        context.set_status(201)
        context.set_header("location", f"/orders/{self.runs + 1}")
        return await self.get()


def statuses(answers: list[httpx.Response]) -> list[int]:
    return sorted(one.status_code for one in answers)


async def streamed(data: dict[str, Any]) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"x"

    return StreamingResponse(chunks())


def key(text: str = "8e03978e-40d5", **more: str) -> dict[str, str]:
    return {"idempotency-key": text, **more}
