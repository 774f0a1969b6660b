"""What old code stored, new code reads: with other fields, and for groups that are gone."""

import asyncio
from typing import Any

import msgspec

from tests.contracts.event_bus.plugins import (
    Gate,
    Listener,
    OnlyId,
    UserCreated,
    Work,
    settled,
    subscribe,
    until,
)
from tests.contracts.event_bus.works import Home, durable
from tools.event_bus.contract import DeadLetter, State

pytestmark = durable


class WithCity(msgspec.Struct):
    """A later version of OnlyId."""

    id: int
    city: str = "nowhere"


class NeedsCity(msgspec.Struct):
    id: int
    city: str


async def stored(home: Home, *payloads: object) -> None:
    """Have a process for whose group `g` these are stored, and that ends before it handles them."""
    work, gate = await home.boot(), Gate()
    subscribe(work, "said", gate.handle, group="g")
    await work.on_ready()
    await work.publish("said", "what it is busy with")
    ids = [await work.publish("said", payload) for payload in payloads]

    async def are(state: State) -> bool:
        found = [one.deliveries for event_id in ids for one in await work.trace(event_id)]
        return all(deliveries and deliveries[0].state == state for deliveries in found)

    await until(lambda: are("claimed"))
    ending = asyncio.create_task(home.end(work))
    await until(lambda: are("waiting"))
    gate.opened.set()
    await ending
    assert len(gate.seen) == 1


async def handling(home: Home, into: Any) -> tuple[Work, list[Any]]:
    """Have a process whose group `g` decodes payloads into a type."""
    work, seen = await home.boot(), list[Any]()

    async def handle(payload: Any) -> None:
        seen.append(payload)

    handle.__annotations__["payload"] = into
    subscribe(work, "said", handle, group="g")
    await work.on_ready()
    return work, seen


async def test_fields_that_new_code_does_not_know_are_left_out(home: Home) -> None:
    await stored(home, UserCreated(7, "ana@example.com"))

    work, seen = await handling(home, OnlyId)
    await settled(work)

    assert seen == [OnlyId(7)]


async def test_fields_that_old_code_did_not_know_have_their_defaults(home: Home) -> None:
    await stored(home, OnlyId(7))

    work, seen = await handling(home, WithCity)
    await settled(work)

    assert seen == [WithCity(7, "nowhere")]


async def test_what_new_code_cannot_read_is_a_dead_letter_and_can_be_replayed_to_code_that_can(home: Home) -> None:
    await stored(home, OnlyId(7))

    work, seen = await handling(home, NeedsCity)
    await settled(work)
    (letter,) = await work.dead_letters()
    await home.end(work)
    repaired, seen_then = await handling(home, WithCity)
    await repaired.replay(letter.id)
    await settled(repaired)

    assert (letter.state, letter.payload, letter.error) == (
        "dead",
        {"id": 7},
        "ValidationError: Object missing required field `city`",
    )
    assert (seen, seen_then) == ([], [WithCity(7, "nowhere")])


async def test_what_is_known_beside_the_payload_may_have_fields_that_are_not_known(home: Home) -> None:
    await stored(home, OnlyId(7))
    db = await home.open_db()
    for row in await db.query("SELECT seq, meta FROM _event_deliveries"):
        meta = {**msgspec.json.decode(row["meta"]), "of_later_code": [1]}
        await db.execute(
            "UPDATE _event_deliveries SET meta = ? WHERE seq = ?", (msgspec.json.encode(meta).decode(), row["seq"])
        )

    work, seen = await handling(home, OnlyId)
    await settled(work)

    assert seen == [OnlyId(7)]


async def orphaned(home: Home, *payloads: object) -> tuple[Work, list[DeadLetter]]:
    """Have a process without group `g`, for which these are stored."""
    await stored(home, *payloads)
    work = await home.boot()
    await work.on_ready()

    async def are_visible() -> bool:
        return len(await work.dead_letters()) == len(payloads)

    await until(are_visible)
    return work, await work.dead_letters()


async def test_what_is_stored_for_a_group_that_is_gone_is_visible(home: Home) -> None:
    work, letters = await orphaned(home, 1, 2)

    assert await work.failed() == {"g": 2}
    assert [(one.state, one.group, one.event, one.payload) for one in letters] == [
        ("unroutable", "g", "said", 1),
        ("unroutable", "g", "said", 2),
    ]


async def test_what_is_stored_for_a_group_that_is_gone_is_handled_when_it_is_back(home: Home) -> None:
    work, _letters = await orphaned(home, 1, 2)
    await home.end(work)

    back, seen = await handling(home, int)
    await settled(back)

    assert (seen, await back.dead_letters()) == ([1, 2], [])


async def test_what_is_stored_for_a_group_that_is_gone_can_be_dropped(home: Home) -> None:
    work, letters = await orphaned(home, 1, 2)

    assert await work.drop(letters[0].id) is True
    assert [one.payload for one in await work.dead_letters()] == [2]
    await home.end(work)
    back, seen = await handling(home, int)
    await settled(back)

    assert seen == [2]


async def test_a_new_group_gets_what_is_published_from_then_on(home: Home) -> None:
    await stored(home, 1)

    work, seen = await handling(home, int)
    late = Listener()
    await settled(work)
    await home.end(work)
    second = await home.boot()
    subscribe(second, "said", late.handle, group="new")
    await second.on_ready()
    await second.publish("said", 2)
    await until(lambda: late.seen)
    await asyncio.sleep(0)

    assert (seen, late.seen) == ([1], [2])
