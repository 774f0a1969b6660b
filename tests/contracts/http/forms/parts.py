"""Forms as bytes, and handlers that take them."""

import os
from datetime import date
from enum import Enum
from typing import Annotated, Any

from msgspec import Meta, Struct

from tests.contracts.http_served import Served
from tools.http.contract import File, Form, Upload

MULTIPART = (b"content-type", b"multipart/form-data; boundary=b")
URLENCODED = (b"content-type", b"application/x-www-form-urlencoded")
MIB = 1_048_576
Boot = Any


class Colour(Enum):
    RED = "red"


class NewPost(Struct, forbid_unknown_fields=True):
    title: Annotated[str, Meta(min_length=1, max_length=20)]
    votes: int = 0
    day: date | None = None
    tags: list[str] = []
    is_open: bool = False


def part(name: str, value: bytes = b"x", filename: str | None = None, *headers: bytes) -> bytes:
    disposition = f'form-data; name="{name}"' + ("" if filename is None else f'; filename="{filename}"')
    lines = [b"--b", b"Content-Disposition: " + disposition.encode(), *headers, b"", value, b""]
    return b"\r\n".join(lines)


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--b--\r\n"


def arriving(body: bytes, size: int = 65_536) -> list[dict[str, Any]]:
    starts = range(0, max(len(body), 1), size)
    return [{"type": "http.request", "body": body[at : at + size], "more_body": at + size < len(body)} for at in starts]


async def send(http: Served, body: bytes, kind: Any = MULTIPART, size: int = 65_536) -> tuple[int, bytes]:
    status, _, answer = await http.raw("POST", "/x", *arriving(body, size), headers=[kind])
    return status, answer


async def keep_post(new: Annotated[NewPost, Form()]) -> NewPost:
    return new


async def keep_file(picture: Annotated[Upload, File()]) -> list[Any]:
    return [picture.filename, picture.content_type, picture.size_bytes, (await picture.read()).decode("latin-1")]


FILE = part("picture", b"", "f")[:-2]


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))
