"""`db`, which while a call is rehearsed notes each statement; the transaction around takes all of them back."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from typing import Any

from tools.assistant.rehearsal import Rehearsal, Statement, rehearsed

_is_in_block: ContextVar[bool] = ContextVar("is_in_block", default=False)
LONGEST_ERROR = 200


class DbStandIn:
    """Keeps `Db`."""

    def __init__(self, db: Any) -> None:
        self._db = db

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    def query(self, sql: Any, params: Any = None, *, into: type | None = None) -> Awaitable[list[Any]]:
        return self._one(sql, params, lambda: self._db.query(sql, params, into=into))

    def query_one(self, sql: Any, params: Any = None, *, into: type | None = None) -> Awaitable[Any]:
        return self._one(sql, params, lambda: self._db.query_one(sql, params, into=into))

    def execute(self, sql: Any, params: Any = None) -> Awaitable[int | None]:
        return self._one(sql, params, lambda: self._db.execute(sql, params))

    def execute_many(self, sql: Any, rows: Iterable[Any]) -> Awaitable[int]:
        given = list(rows)
        return self._one(sql, given[0] if given else (), lambda: self._db.execute_many(sql, given))

    def stream(self, sql: Any, params: Any = None, *, into: type | None = None) -> AsyncGenerator[Any, None]:
        if rehearsal := rehearsed():
            rehearsal.add(Statement(str(sql), _types(params), "streamed"))
        rows: AsyncGenerator[Any, None] = self._db.stream(sql, params, into=into)
        return rows

    def transaction(self, *, serializable: bool = False) -> AbstractAsyncContextManager[None]:
        if rehearsed() is None:
            block: AbstractAsyncContextManager[None] = self._db.transaction(serializable=serializable)
            return block
        return self._block(serializable)

    def after_commit(self, callback: Callable[[], Any]) -> None:
        if rehearsal := rehearsed():
            rehearsal.add(Statement("(after the commit)", "", f"{getattr(callback, '__qualname__', 'callback')} waits"))
        self._db.after_commit(callback)  # which the transaction of a rehearsal never gets to

    def _one(self, sql: Any, params: Any, call: Callable[[], Awaitable[Any]]) -> Awaitable[Any]:
        rehearsal = rehearsed()
        return call() if rehearsal is None else self._noted(rehearsal, sql, params, call)

    async def _noted(self, rehearsal: Rehearsal, sql: Any, params: Any, call: Callable[[], Awaitable[Any]]) -> Any:
        rehearsal.check()
        outcome = "interrupted"
        try:
            if _is_in_block.get():
                answer = await call()
            else:  # on its own it would fail alone, and not take a transaction along
                async with self._db.transaction():
                    answer = await call()
            outcome = _outcome(answer)
        except Exception as error:
            outcome = f"{type(error).__name__}: {error}"[:LONGEST_ERROR]
            raise
        finally:
            rehearsal.add(Statement(str(sql), _types(params), outcome))
        return answer

    @asynccontextmanager
    async def _block(self, serializable: bool) -> AsyncIterator[None]:
        before = _is_in_block.get()
        try:
            async with self._db.transaction(serializable=serializable):
                _is_in_block.set(True)
                yield
        finally:
            _is_in_block.set(before)


def _types(params: Any) -> str:
    if isinstance(params, Mapping):
        return ", ".join(f"{name}: {type(value).__name__}" for name, value in params.items())
    return ", ".join(type(value).__name__ for value in params or ())


def _outcome(answer: Any) -> str:
    if isinstance(answer, list):
        return f"{len(answer)} rows"
    return str(answer) if isinstance(answer, int) else "none" if answer is None else "a row"
