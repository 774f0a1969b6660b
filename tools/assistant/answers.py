"""From a tool's name and arguments to a text within the budget."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, Protocol

import msgspec

from hookspecs import Refusal
from tools.assistant.asked import SHAPES, ForCall, ForCheck, ForContext, ForInspection, ForLogs, ForTrace
from tools.assistant.budget import DEFAULT, LEAST, MOST, cut, tokens
from tools.assistant.fresh_command import SOURCE, Fitted, FreshCommand
from tools.assistant.redaction import redacted
from tools.assistant.routes import RefusedError


class Told(NamedTuple):
    """What an assistant reads."""

    text: str
    is_error: bool = False


class Live(Protocol):
    """What answers for a system that runs: the one of this process, or one in another."""

    async def try_call(self, asked: ForCall) -> str:
        """Rehearse a call."""
        ...

    async def logs(self, asked: ForLogs) -> str:
        """List records."""
        ...

    async def trace(self, asked: ForTrace) -> str:
        """Draw a trace."""
        ...


class Answers:
    """Answers for the six tools."""

    def __init__(self, fresh: FreshCommand, live: Live) -> None:
        self._fresh = fresh
        self._makers: dict[str, Callable[[Any], Awaitable[str]]] = {
            "context": self._context,
            "inspect": self._inspect,
            "check": self._check,
            "try_call": live.try_call,
            "logs": live.logs,
            "trace": live.trace,
        }

    async def answer(self, name: str, arguments: Mapping[str, Any]) -> Told:
        """Answer, whatever is asked for; no error leaves, and no text is above the budget."""
        budget = arguments.get("budget")
        room = budget if type(budget) is int and LEAST <= budget <= MOST else DEFAULT
        try:
            asked = msgspec.convert(dict(arguments), SHAPES[name])
            text = await self._makers[name](asked)
            return Told(text if isinstance(text, Fitted) else cut(text, room))
        except KeyError:
            if name in SHAPES:
                raise
            text = f"there is no tool {name!r}: use one of {', '.join(SHAPES)}"
        except (msgspec.ValidationError, RefusedError, Refusal) as error:
            text = str(error)
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
        return Told(cut(redacted(text), room), is_error=True)

    async def _context(self, asked: ForContext) -> str:
        return await self._fresh.context(asked.task, asked.domain, asked.budget)

    async def _inspect(self, asked: ForInspection) -> str:
        code, text = await self._fresh.run(["inspect", "--", asked.what])
        if code:
            raise RefusedError(text.strip())
        about, fence, source = text.partition(SOURCE)
        if fence and tokens(text) > asked.budget:
            return f"{about}\n(its source is left out: ask with budget {tokens(text)} or more)"
        return about + fence + source

    async def _check(self, asked: ForCheck) -> str:
        code, text = await self._fresh.run(["check"])
        return text or ("nothing to report" if code == 0 else f"check ended with exit code {code}")
