"""What is left of a form after its answer: nothing."""

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated, Any

import pytest

from tests.contracts.http.forms.parts import (
    FILE,
    MIB,
    MULTIPART,
    arriving,
    form,
    keep_file,
    open_files,
    part,
    send,
)
from tests.contracts.http_served import Served
from tools.http.contract import File, Form, Upload


async def test_no_temporary_file_is_left_whatever_happens(
    http: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    on_disk: list[int] = []

    async def handler(picture: Annotated[Upload, File()], way: Annotated[str, Form()] = "") -> None:
        on_disk.append(open_files() - before)
        if way:
            raise ValueError(way)

    http.add("/x", "POST", handler)
    large = part("picture", b"x" * 2 * MIB, "f")
    before = open_files()

    bodies = [form(large), form(large, part("way", b"raise")), large, form(large, part("a") * 101), form(large * 6)]
    statuses = [(await send(http, one))[0] for one in bodies]
    half = await http.raw("POST", "/x", {"type": "http.request", "body": large, "more_body": True}, headers=[MULTIPART])

    assert [*statuses, half[0]] == [204, 500, 400, 413, 413, 400]
    assert on_disk == [1, 1]
    assert (open_files(), list(tmp_path.iterdir())) == (before, [])


async def test_a_cancelled_request_leaves_no_file_open(http: Served) -> None:
    http.add("/x", "POST", keep_file)
    pieces, waiting = arriving(FILE + b"x" * 3 * MIB), asyncio.Event()
    before = open_files()

    async def receive() -> Any:
        if pieces:
            return {**pieces.pop(0), "more_body": True}
        waiting.set()
        return await asyncio.Event().wait()

    async def take(message: Any) -> None: ...

    scope: dict[str, Any] = {"type": "http", "http_version": "1.1", "method": "POST", "path": "/x"}
    scope |= {"query_string": b"", "headers": [(b"host", b"localhost"), MULTIPART]}

    async def ask() -> None:
        await http.app(scope, receive, take)

    task = asyncio.create_task(ask())
    await asyncio.wait_for(waiting.wait(), 10)
    assert open_files() == before + 1
    task.cancel()
    await asyncio.wait({task})

    assert open_files() == before


async def test_a_disk_that_takes_no_more_is_said_so(
    http: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    http.add("/x", "POST", keep_file)
    monkeypatch.setattr(tempfile, "tempdir", "/dev/null/missing")

    status, _ = await send(http, form(part("picture", b"x" * 2 * MIB, "f")))

    assert status == 507
    assert "make room, or set TMPDIR to where there is some" in caplog.text
