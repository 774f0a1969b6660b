"""Runs the lifespan of each mounted app once: started before the first request is served, stopped in reverse."""

import asyncio
import logging
from typing import Any

from hookspecs import ASGIApp

log = logging.getLogger(__name__)
LAST_STEPS_S = 1.0  # for what an app does after it has said that it has stopped


class LifespanError(Exception):
    """A mounted app could not start; the text says which, whose, and why."""


class Lifespan:
    """An app with its lifespan (ASGI lifespan 2.0): serve requests with the object itself, then they get its state."""

    def __init__(self, app: ASGIApp, who: str) -> None:
        self.app, self.who, self.mounts = app, who, 0
        self._state: dict[str, Any] = {}
        self._task: asyncio.Task[None] | None = None
        self._events: asyncio.Queue[str] = asyncio.Queue()
        self._answer: asyncio.Future[str] | None = None
        self._phase = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection of the mounted app; each has its own copy of the state, as a server gives it."""
        if self._state:
            scope["state"] = {**scope.get("state", {}), **self._state}
        await self.app(scope, receive, send)

    async def start(self) -> None:
        """Start, and wait until it has; an app that knows no lifespan is fine.

        Raises:
            LifespanError: the app says that it cannot.
        """
        failure = await self._ask("startup")
        if failure:
            self.abandon()
            raise LifespanError(f"{self.who}: the app's own startup failed: {failure}: correct it, or do not mount it")
        self._phase = "serving"

    async def stop(self) -> None:
        """Stop, and wait until it has; a failure is logged."""
        if self._task is None or self._task.done():
            return
        failure = await self._ask("shutdown")
        if failure:
            log.error("%s: the app's own shutdown failed: %s", self.who, failure)
        await asyncio.wait({self._task}, timeout=LAST_STEPS_S)
        self.abandon()

    def abandon(self) -> None:
        """Cancel it, whatever it does."""
        if self._task is not None:
            self._task.cancel()

    async def _ask(self, phase: str) -> str:
        """Answer with the reason why not, or an empty text."""
        self._phase, self._answer = phase, asyncio.get_running_loop().create_future()
        self._events.put_nowait(f"lifespan.{phase}")
        self._task = self._task or asyncio.create_task(self._run())
        try:
            return await self._answer
        except asyncio.CancelledError:
            log.error("%s: the app's own %s did not end in time", self.who, phase)
            self.abandon()
            raise

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self._state}
        try:
            await self.app(scope, self._receive, self._send)
        except (Exception, SystemExit) as error:
            self._note(error)
        finally:
            self._settle("")

    def _note(self, error: BaseException) -> None:
        """ASGI: an app that raises at the start knows no lifespan; one that does says `failed` before it raises."""
        if self._phase != "startup":
            log.error("%s: the app's lifespan broke off", self.who, exc_info=error)
        elif self._answer is not None and not self._answer.done():
            log.info("%s: the app knows no lifespan: %r", self.who, error)

    async def _receive(self) -> Any:
        if self._events.empty():
            self._settle("")  # who asks for more without an answer does not know what was said
        return {"type": await self._events.get()}

    async def _send(self, message: Any) -> None:
        event, _, result = message["type"].rpartition(".")
        if event not in ("lifespan.startup", "lifespan.shutdown") or result not in ("complete", "failed"):
            raise RuntimeError(f"{message['type']!r} is no message of a lifespan")
        text = message.get("message", "").strip()
        if result == "failed":
            log.error("%s: %s failed\n%s", self.who, event, text)
        lines = text.splitlines() or ["it gave no reason"]  # Starlette sends a traceback
        self._settle(lines[-1] if result == "failed" else "")

    def _settle(self, failure: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(failure)


class Lifespans:
    """The apps that are mounted, each once, wherever it is mounted."""

    def __init__(self) -> None:
        self._all: list[Lifespan] = []

    def of(self, app: ASGIApp, who: str) -> Lifespan:
        """Answer with what to mount in the app's place; `who` names mount and owner in errors."""
        return next((one for one in self._all if one.app is app), None) or Lifespan(app, who)

    def add(self, lifespan: Lifespan) -> None:
        """Take in one mount of an app."""
        if lifespan not in self._all:
            self._all.append(lifespan)
        lifespan.mounts += 1

    def remove(self, lifespan: Lifespan) -> None:
        """Forget one mount of an app."""
        lifespan.mounts -= 1
        if not lifespan.mounts:
            self._all.remove(lifespan)

    async def start(self) -> None:
        """Start one after the other; what has started is stopped when a later one fails.

        Raises:
            LifespanError: an app says that it cannot.
        """
        for count, one in enumerate(self._all):
            try:
                await one.start()
            except BaseException:
                await self._stop(self._all[:count])
                raise

    async def stop(self) -> None:
        """Stop all in reverse order."""
        await self._stop(self._all)

    async def _stop(self, started: list[Lifespan]) -> None:
        try:
            for one in reversed(started):
                await one.stop()
        finally:
            for one in started:
                one.abandon()
