"""A `db` for one plugin whose N-th call fails: before it is done, or after, when its answer is lost on the way.

begin, query, query_one, execute, execute_many, stream, commit     are calls, of a savepoint too
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from tools.db.contract import Db, QueryTimeoutError, Unavailable, UnknownOutcomeError

KINDS = ("error", "time-out", "silence", "lost", "late")
"""Refused; interrupted by its own time-out; no answer, until the request's deadline; done, and an error; done, and
no answer until the deadline."""


class Plan:
    """Which call fails, and how; `calls` counts on."""

    def __init__(self) -> None:
        self.kind, self.at, self.calls = "", 0, 0

    def fail(self, kind: str, at: int) -> None:
        self.kind, self.at, self.calls = kind, at, 0

    async def before(self) -> bool:
        """Count a call, and fail it if it is to fail before it is done; tell whether it fails afterwards."""
        self.calls += 1
        if self.calls != self.at:
            return False
        if self.kind == "error":
            raise Unavailable("of the plan")
        if self.kind == "time-out":
            raise QueryTimeoutError
        if self.kind == "silence":
            await asyncio.Event().wait()
        return True

    async def after(self, is_to_fail: bool, *, is_commit: bool = False) -> None:
        if is_to_fail and self.kind == "lost":
            raise UnknownOutcomeError if is_commit else Unavailable("of the plan, though it was done")
        if is_to_fail and self.kind == "late":
            await asyncio.Event().wait()

    async def around(self, call: Callable[[], Awaitable[Any]]) -> Any:
        is_to_fail = await self.before()
        answer = await call()
        await self.after(is_to_fail)
        return answer


PLAN = Plan()
"""That of the app which stands: its module wraps `db` with it."""


class FaultyDb:
    """What a plugin gets in place of `db`."""

    def __init__(self, db: Db, plan: Plan) -> None:
        self._db, self._plan = db, plan

    async def query(self, *asked: Any, **how: Any) -> Any:
        return await self._plan.around(lambda: self._db.query(*asked, **how))

    async def query_one(self, *asked: Any, **how: Any) -> Any:
        return await self._plan.around(lambda: self._db.query_one(*asked, **how))

    async def execute(self, *asked: Any) -> Any:
        return await self._plan.around(lambda: self._db.execute(*asked))

    async def execute_many(self, *asked: Any) -> Any:
        return await self._plan.around(lambda: self._db.execute_many(*asked))

    async def stream(self, *asked: Any, **how: Any) -> AsyncGenerator[Any, None]:
        is_to_fail = await self._plan.before()
        async for row in self._db.stream(*asked, **how):
            yield row
            await self._plan.after(is_to_fail)  # half-way

    def transaction(self, *, serializable: bool = False) -> AbstractAsyncContextManager[None]:
        return _Transaction(self._db.transaction(serializable=serializable), self._plan)


class _Transaction(AbstractAsyncContextManager[None]):
    def __init__(self, real: AbstractAsyncContextManager[None], plan: Plan) -> None:
        self._real, self._plan = real, plan

    async def __aenter__(self) -> None:
        is_to_fail = await self._plan.before()
        await self._real.__aenter__()
        try:
            await self._plan.after(is_to_fail)
        except BaseException as error:  # it has begun, and the plugin does not know: the real one never does that
            await self._real.__aexit__(type(error), error, error.__traceback__)
            raise

    async def __aexit__(self, *error: Any) -> bool | None:
        is_to_fail = False
        if error[0] is None:
            try:
                is_to_fail = await self._plan.before()
            except BaseException as refused:
                await self._real.__aexit__(type(refused), refused, refused.__traceback__)
                raise
        await self._real.__aexit__(*error)
        await self._plan.after(is_to_fail, is_commit=True)
        return None
