"""Routes that do in every way what should be undone, and some that must not be rehearsed at all."""

MIGRATIONS = """\
CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT NOT NULL UNIQUE, seen INTEGER NOT NULL DEFAULT 0);
"""

NOTES = '''
import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse

from hookspecs import hookimpl
from tools.auth.contract import Auth
from tools.db.contract import Db, UniqueError
from tools.event_bus.contract import EventBus
from tools.http.contract import Http
from tools.scheduler.contract import Scheduler
from tools.state.contract import State


class Note(Struct):
    title: str


class WriteNotes:
    """POST /notes/...: write in many ways."""

    def __init__(self, http: Http, db: Db, event_bus: EventBus, scheduler: Scheduler, state: State, auth: Auth) -> None:
        self.http, self.db, self.bus, self.scheduler, self.state = http, db, event_bus, scheduler, state.namespace("n")
        self.auth, self.left_behind = auth, []

    @hookimpl
    async def on_boot(self) -> None:
        for name in ("plain", "many", "nested", "half", "fails", "caught", "later", "task", "background", "streamed",
                     "serial", "upsert", "publish", "delayed", "asks", "schedule", "counts", "swallows", "returning"):
            self.http.add_endpoint(f"/notes/{name}", "POST", getattr(self, name), public=True)
        self.http.add_endpoint("/notes/once", "POST", self.plain, public=True, idempotent=True)
        self.http.add_endpoint("/notes/limited", "POST", self.plain, public=True, rate_limit="2/hour")
        self.http.add_endpoint("/notes/{id}", "PUT", self.replace, public=True)
        self.http.add_endpoint("/notes/{id}", "DELETE", self.remove, public=True)
        self.http.add_endpoint("/notes", "DELETE", self.clear, public=True)
        self.http.add_endpoint("/notes/endless", "GET", self.endless, public=True)
        self.bus.subscribe("note.written", self.hear)
        self.bus.subscribe("note.due", self.hear)
        self.bus.reply("note.count", self.count)

    async def hear(self, payload: dict) -> None:
        await self.db.execute("INSERT INTO notes (title) VALUES (?)", (f"heard {payload['title']}",))

    async def count(self, payload: dict) -> int:
        return await self.db.execute("INSERT INTO notes (title) VALUES ('answered')")

    async def plain(self, note: Note) -> dict:
        return {"id": await self.db.execute("INSERT INTO notes (title) VALUES (?)", (note.title,))}

    async def returning(self, note: Note) -> dict:
        return await self.db.query_one("INSERT INTO notes (title) VALUES (:title) RETURNING *", {"title": note.title})

    async def many(self, note: Note) -> int:
        rows = [(f"{note.title} {n}",) for n in range(9)]
        return await self.db.execute_many("INSERT INTO notes (title) VALUES (?)", rows)

    async def nested(self, note: Note) -> None:
        async with self.db.transaction():
            await self.plain(note)
            try:
                async with self.db.transaction():
                    await self.plain(note)
            except UniqueError:
                await self.db.execute("UPDATE notes SET seen = seen + 1 WHERE title = ?", (note.title,))

    async def serial(self, note: Note) -> None:
        async with self.db.transaction(serializable=True):
            if not await self.db.query("SELECT id FROM notes WHERE title = ?", (note.title,)):
                await self.plain(note)

    async def upsert(self, note: Note) -> None:
        sql = "INSERT INTO notes (title) VALUES (?) ON CONFLICT (title) DO UPDATE SET seen = 7"
        await self.db.execute(sql, (note.title,))

    async def half(self, note: Note) -> None:
        await self.plain(note)
        raise ValueError("half-way, with the secret token=abcdefgh123")

    async def fails(self, note: Note) -> None:
        await self.db.execute("INSERT INTO nowhere (title) VALUES (?)", (note.title,))

    async def caught(self, note: Note) -> dict:
        try:
            await self.db.execute("INSERT INTO notes (title) VALUES ('kept')")
        except UniqueError:
            return await self.plain(note)

    async def swallows(self, note: Note) -> str:
        for _ in range(3):
            try:
                async with self.db.transaction():
                    await self.plain(note)
                    raise RuntimeError
            except RuntimeError:
                pass
        return "done"

    async def later(self, note: Note) -> None:
        async with self.db.transaction():
            await self.plain(note)
            self.db.after_commit(self.committed)
        self.db.after_commit(self.committed)

    async def committed(self) -> None:
        await self.db.execute("INSERT INTO notes (title) VALUES ('after the commit')")

    async def task(self, note: Note) -> None:
        async def write() -> None:
            await asyncio.sleep(0.05)
            for work in (self.plain, self.publish, self.counts, self.schedule):
                try:
                    await work(note)
                except Exception:
                    pass
        self.left_behind.append(asyncio.create_task(write()))

    async def background(self, note: Note) -> JSONResponse:
        return JSONResponse({}, background=BackgroundTask(self.plain, note))

    async def streamed(self, note: Note) -> AsyncIterator[bytes]:
        yield b"one"
        await self.plain(note)
        yield b"two"

    async def endless(self) -> AsyncIterator[bytes]:
        while True:
            yield b"on and on " * 1000

    async def publish(self, note: Note) -> str:
        async with self.db.transaction():
            await self.plain(note)
            return await self.bus.publish("note.written", note)

    async def delayed(self, note: Note) -> str:
        return await self.bus.publish("note.written", note, key="k", delay=0.1)

    async def asks(self, note: Note) -> int:
        return await self.bus.request("note.count", note)

    async def schedule(self, note: Note) -> str:
        return await self.scheduler.at(datetime.now(UTC) + timedelta(seconds=0.1), "note.due", note)

    async def counts(self, note: Note) -> list[int]:
        await self.state.set("last", note.title, ttl=60)
        await self.state.delete("gone")
        return [await self.state.increment("notes"), await self.state.increment("notes", 2, ttl=9)]

    async def replace(self, id: int, note: Note) -> int:
        return await self.db.execute("UPDATE notes SET title = ? WHERE id = ?", (note.title, id))

    async def remove(self, id: int) -> int:
        return await self.db.execute("DELETE FROM notes WHERE id = ?", (id,))

    async def clear(self) -> int:
        return await self.db.execute("DELETE FROM notes")
'''

READ_STATE = '''
from hookspecs import hookimpl
from tools.http.contract import Http
from tools.state.contract import State


class ReadState:
    """GET /counted: what the others count."""

    def __init__(self, http: Http, state: State) -> None:
        self.http, self.state = http, state.namespace("n")

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/counted", "GET", self.execute, public=True)

    async def execute(self) -> dict:
        return {"notes": await self.state.get("notes"), "last": await self.state.get("last")}
'''

CALLS_OUT = '''
import httpx

from hookspecs import hookimpl
from tools.http.contract import Http


class CallOut:
    """POST /out: call somebody."""

    def __init__(self, http: Http) -> None:
        self.http = http

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/out", "POST", self.execute, public=True)

    async def execute(self) -> str:
        async with httpx.AsyncClient() as client:
            return (await client.get("http://127.0.0.1:9/")).text
'''

DEAD_LETTER = '''
from hookspecs import hookimpl
from tools.event_bus.contract import EventBus
from tools.http.contract import Http


class FailAlways:
    """POST /fail: leave a dead letter."""

    def __init__(self, http: Http, event_bus: EventBus) -> None:
        self.http, self.bus = http, event_bus

    @hookimpl
    async def on_boot(self) -> None:
        self.bus.subscribe("thing.failed", self.hear, retries=0)
        self.http.add_endpoint("/fail", "POST", self.execute, public=True)

    async def hear(self, payload: dict) -> None:
        raise ValueError("no")

    async def execute(self) -> str:
        return await self.bus.publish("thing.failed", {})
'''

OTHERS = {"read_state": READ_STATE, "call_out": CALLS_OUT, "fail_always": DEAD_LETTER}
