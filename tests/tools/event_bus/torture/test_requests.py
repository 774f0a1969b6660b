"""R18: requests that nobody answers, too late, or not at all: four different ends, and nothing is left of any."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from hookspecs import Refusal
from tests.tools.event_bus.torture.roles import Order
from tests.tools.event_bus.torture.stage import Stage, hook, until
from tools.event_bus.contract import NobodyRepliesError, ReplyError, RequestTimeoutError

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]
Boot = Callable[..., Awaitable[Stage]]
TIMES = 100


def waiters(stage: Stage) -> int:
    """Count what is left of requests: tasks of answers, and futures that somebody awaits."""
    return len(stage.hooks._exchange.under_way)


async def asked(stage: Stage, **how: Any) -> list[BaseException | Any]:
    return await asyncio.gather(
        *(stage.bus.request("price.asked", Order(number), **how) for number in range(TIMES)), return_exceptions=True
    )


async def answering(boot: Boot, callback: Callable[..., object]) -> Stage:
    stage = await boot()
    with hook("made.responder"):
        stage.bus.reply("price.asked", callback)
    await stage.hooks.on_ready()
    return stage


async def test_100_requests_that_nobody_replies_to(boot: Boot) -> None:
    stage = await boot()
    await stage.hooks.on_ready()
    tasks = len(asyncio.all_tasks())

    answers = await asked(stage)

    assert {(type(one), one.status) for one in answers if isinstance(one, Refusal)} == {(NobodyRepliesError, 503)}
    assert (len(answers), waiters(stage), len(asyncio.all_tasks())) == (TIMES, 0, tasks)


async def test_a_second_responder_is_refused_and_100_requests_go_to_the_first(boot: Boot) -> None:
    stage = await answering(boot, first)
    with hook("made.other"), pytest.raises(ValueError, match="remove one of the two"):
        stage.bus.reply("price.asked", first)

    answers = await asked(stage)

    assert (answers, waiters(stage)) == ([{"price": n} for n in range(TIMES)], 0)


async def first(order: Order) -> dict[str, int]:
    await asyncio.sleep(0)
    return {"price": order.n}


async def test_100_answers_that_come_late(boot: Boot) -> None:
    ended_late = list[int]()

    async def answer(order: Order) -> int:
        with contextlib.suppress(asyncio.CancelledError):  # it goes on, as a thread would
            await asyncio.sleep(0.3)
        await asyncio.sleep(0.1)
        ended_late.append(order.n)
        return order.n

    stage = await answering(boot, answer)

    answers = await asked(stage, timeout=0.1)
    await until(lambda: len(ended_late) == TIMES)
    await until(lambda: not waiters(stage))

    assert {(type(one), one.status) for one in answers if isinstance(one, Refusal)} == {(RequestTimeoutError, 504)}
    assert len(answers) == TIMES


async def test_100_responders_that_fail_or_end(boot: Boot, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)

    async def answer(order: Order) -> int:
        await asyncio.sleep(0)
        raise (ValueError, SystemExit, asyncio.CancelledError, GeneratorExit)[order.n % 4]("crash")

    stage = await answering(boot, answer)

    answers = await asked(stage)

    assert {type(one) for one in answers} == {ReplyError}
    assert (len(answers), waiters(stage)) == (TIMES, 0)


async def test_100_who_ask_and_do_not_wait_any_more(boot: Boot) -> None:
    async def answer(order: Order) -> int:
        await asyncio.Event().wait()
        return order.n

    stage = await answering(boot, answer)

    asking = [asyncio.create_task(stage.bus.request("price.asked", Order(n))) for n in range(TIMES)]
    await until(lambda: waiters(stage) == TIMES)
    for one in asking:
        one.cancel()
    ends = await asyncio.gather(*asking, return_exceptions=True)
    await until(lambda: not waiters(stage))

    assert {type(one) for one in ends} == {asyncio.CancelledError}
