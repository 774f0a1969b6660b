"""A request has one answer: what the responder returns, a typed error, nobody, or a time-out."""

import asyncio
import contextlib
from typing import Any, assert_type

import pytest

from hookspecs import Refusal
from tests.contracts.event_bus.plugins import (
    Gate,
    OnlyId,
    UnspeakableError,
    UserCreated,
    Work,
    hook,
    reply,
    settled,
    subscribe,
    until,
)
from tools.event_bus.contract import Envelope, NobodyRepliesError, PayloadError, ReplyError, RequestTimeoutError


async def test_a_request_gets_what_the_responder_returns(bus: Work) -> None:
    async def answer(user: OnlyId) -> UserCreated:
        return UserCreated(user.id, "ana@example.com")

    reply(bus, "user.asked", answer)
    await bus.on_ready()

    plain = await bus.request("user.asked", {"id": 7})
    typed = assert_type(await bus.request("user.asked", OnlyId(7), into=UserCreated), UserCreated)

    assert plain == {"id": 7, "email": "ana@example.com"}
    assert typed == UserCreated(7, "ana@example.com")


async def test_a_def_may_reply_and_know_the_envelope(bus: Work) -> None:
    def answer(payload: Any, envelope: Envelope) -> list[Any]:
        return [payload, envelope.event]

    reply(bus, "asked", answer)
    await bus.on_ready()

    assert await bus.request("asked", 1) == [1, "asked"]


async def test_the_answer_is_a_copy(bus: Work) -> None:
    kept = {"tags": ["new"]}
    reply(bus, "asked", lambda payload: kept)
    await bus.on_ready()

    answer = await bus.request("asked", 1)
    answer["tags"].append("spoilt")

    assert kept == {"tags": ["new"]}


async def test_requests_are_answered_side_by_side(bus: Work) -> None:
    both = asyncio.Barrier(2)

    async def answer(number: int) -> int:
        await both.wait()
        return number

    reply(bus, "asked", answer)
    await bus.on_ready()

    answers = await asyncio.gather(bus.request("asked", 1), bus.request("asked", 2))

    assert list(answers) == [1, 2]


async def test_a_refusal_of_the_responder_reaches_who_asked_as_it_is(bus: Work) -> None:
    refusal = Refusal(404, "there is no user 7")

    async def answer(_payload: Any) -> None:
        raise refusal

    reply(bus, "asked", answer)
    await bus.on_ready()

    with pytest.raises(Refusal) as refused:
        await bus.request("asked", 1)
    assert refused.value is refusal


@pytest.mark.parametrize(
    "error",
    [KeyError("id"), SystemExit(3), asyncio.CancelledError(), UnspeakableError()],
    ids=lambda error: type(error).__name__,
)
async def test_any_other_error_of_the_responder_is_a_reply_error(bus: Work, error: BaseException) -> None:
    async def answer(_payload: Any) -> None:
        raise error

    reply(bus, "asked", answer)
    await bus.on_ready()

    with pytest.raises(ReplyError) as failed:
        await bus.request("asked", 1)
    assert failed.value.__cause__ is error
    assert str(failed.value).startswith(
        f"event_bus has no answer to 'asked', as made.responder.answer failed: {type(error).__name__}"
    )


@pytest.mark.parametrize("answer", [object(), "seven"], ids=["not json", "not an int"])
async def test_an_answer_that_does_not_fit_is_a_reply_error(bus: Work, answer: object) -> None:
    async def reply_so(_payload: Any) -> object:
        return answer

    reply(bus, "asked", reply_so)
    await bus.on_ready()

    with pytest.raises(ReplyError, match=r"as made\.responder\.reply_so failed: "):
        await bus.request("asked", 1, into=int)


async def test_a_request_that_nobody_replies_to_is_refused_at_once(bus: Work) -> None:
    subscribe(bus, "asked", lambda payload: "listening is not replying")
    await bus.on_ready()

    with pytest.raises(NobodyRepliesError) as refused:
        await bus.request("asked", 1)

    assert refused.value.status == 503
    assert "nobody who replies to 'asked'" in str(refused.value)


async def test_a_request_without_an_answer_in_time_is_refused(bus: Work) -> None:
    gate = Gate()
    reply(bus, "asked", gate.handle)
    await bus.on_ready()

    with pytest.raises(RequestTimeoutError) as refused:
        await bus.request("asked", 1, timeout=0.01)

    assert refused.value.status == 504
    assert str(refused.value) == (
        "event_bus got no answer to 'asked' from made.responder.handle within 0.01 s: "
        "make it faster, or raise `timeout`"
    )


async def test_a_responder_that_swallows_its_cancellation_does_not_keep_who_asked(bus: Work) -> None:
    last = asyncio.Event()

    async def answer(_payload: Any) -> str:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await last.wait()
        return "late"

    reply(bus, "asked", answer)
    await bus.on_ready()

    with pytest.raises(RequestTimeoutError):
        await bus.request("asked", 1, timeout=0.01)
    last.set()


async def test_a_hundred_requests_that_time_out_leave_nothing_behind(bus: Work) -> None:
    gate = Gate()
    reply(bus, "asked", gate.handle)
    await bus.on_ready()
    tasks = len(asyncio.all_tasks())

    requests = [bus.request("asked", number, timeout=0.01) for number in range(100)]
    outcomes = await asyncio.gather(*requests, return_exceptions=True)

    assert {type(outcome) for outcome in outcomes} == {RequestTimeoutError}
    await until(lambda: len(asyncio.all_tasks()) <= tasks)


async def test_the_responder_is_cancelled_with_who_asked(bus: Work) -> None:
    began, cancelled = asyncio.Event(), asyncio.Event()

    async def answer(_payload: Any) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    reply(bus, "asked", answer)
    await bus.on_ready()
    asking = asyncio.create_task(bus.request("asked", 1, timeout=60))
    await began.wait()

    asking.cancel()

    await cancelled.wait()


async def test_a_second_responder_is_refused_and_the_first_stays(bus: Work) -> None:
    async def answer(_payload: Any) -> str:
        return "first"

    reply(bus, "asked", answer)

    with hook("made.rival") as undo, pytest.raises(ValueError) as refused:
        bus.reply("asked", answer)
    undo.close()
    await bus.on_ready()

    assert str(refused.value) == (
        "made.rival.answer cannot reply to 'asked', as made.responder.answer does: remove one of the two"
    )
    assert await bus.request("asked", 1) == "first"


async def test_a_responder_may_ask_another(bus: Work) -> None:
    async def sum_of(numbers: list[int]) -> int:
        return sum([await bus.request("doubled", number) for number in numbers])

    reply(bus, "summed", sum_of)
    reply(bus, "doubled", lambda number: number * 2)
    await bus.on_ready()

    assert await bus.request("summed", [1, 2, 3]) == 12


async def test_a_subscriber_may_ask(bus: Work) -> None:
    seen = list[int]()

    async def handle(number: int) -> None:
        seen.append(await bus.request("doubled", number))

    subscribe(bus, "said", handle)
    reply(bus, "doubled", lambda number: number * 2)
    await bus.on_ready()

    await bus.publish("said", 2)
    await settled(bus)

    assert seen == [4]


async def test_a_request_whose_payload_is_not_json_is_refused(bus: Work) -> None:
    reply(bus, "asked", lambda payload: payload)
    await bus.on_ready()

    with pytest.raises(PayloadError, match=r"^event_bus cannot take the payload of 'asked', it is not JSON \("):
        await bus.request("asked", object())
