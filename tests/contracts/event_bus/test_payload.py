"""What travels: JSON, as a copy, up to a bound; and the texts beside it."""

from typing import Any

import pytest

from tests.contracts.event_bus.plugins import Listener, Work, settled, subscribe
from tools.event_bus.contract import Envelope, PayloadError

LARGEST = "x" * (256 * 1024 - 2)  # two quotes


@pytest.mark.parametrize(
    "payload",
    [None, True, 3, 1.5, "text", [1, [2]], {"a": {"b": [None]}}, 2**63 - 1, "\0 ü \U0001f600 ' \" ? :a \\ %s"],
    ids=["null", "bool", "int", "float", "str", "list", "dict", "long", "odd characters"],
)
async def test_every_json_value_travels(bus: Work, payload: object) -> None:
    listener = Listener()
    subscribe(bus, "said", listener.handle)
    await bus.on_ready()

    await bus.publish("said", payload)
    await settled(bus)

    assert listener.seen == [payload]


async def test_each_subscriber_has_its_own_copy(bus: Work) -> None:
    sent, listener = {"tags": ["new"]}, Listener()

    async def spoil(payload: dict[str, Any]) -> None:
        payload["tags"].append("spoilt")

    subscribe(bus, "tagged", spoil)
    subscribe(bus, "tagged", listener.handle)
    await bus.on_ready()

    await bus.publish("tagged", sent)
    sent["tags"].append("changed after the publish")
    await settled(bus)

    assert listener.seen == [{"tags": ["new"]}]
    assert sent == {"tags": ["new", "changed after the publish"]}


@pytest.mark.parametrize(
    "payload", [object(), {"when": object()}, "\ud800", {1.5j: 1}], ids=["object", "nested", "surrogate", "key"]
)
async def test_a_payload_that_is_not_json_is_refused(bus: Work, payload: object) -> None:
    await bus.on_ready()

    with pytest.raises(PayloadError, match=r"^event_bus cannot take the payload of 'said', it is not JSON \("):
        await bus.publish("said", payload)


@pytest.mark.parametrize(
    "payload",
    [float("nan"), float("inf"), float("-inf"), {"a": [None, float("nan")]}],
    ids=["nan", "inf", "-inf", "deep"],
)
async def test_what_is_no_number_is_not_json(bus: Work, payload: object) -> None:
    await bus.on_ready()

    with pytest.raises(PayloadError, match="it is not JSON"):
        await bus.publish("said", payload)


async def test_a_payload_without_end_is_refused(bus: Work) -> None:
    endless: list[Any] = []
    endless.append(endless)
    await bus.on_ready()

    with pytest.raises(PayloadError, match="it is not JSON"):
        await bus.publish("said", endless)


async def test_a_payload_of_256_kib_arrives(bus: Work) -> None:
    listener = Listener()
    subscribe(bus, "said", listener.handle)
    await bus.on_ready()

    await bus.publish("said", LARGEST)
    await settled(bus)

    assert listener.seen == [LARGEST]


async def test_a_payload_over_256_kib_is_refused(bus: Work) -> None:
    listener = Listener()
    subscribe(bus, "said", listener.handle)
    await bus.on_ready()

    with pytest.raises(PayloadError, match="it has 262145 bytes of at most 262144"):
        await bus.publish("said", LARGEST + "x")

    assert await bus.pending() == 0


async def envelope_of(bus: Work, **how: Any) -> Envelope:
    """Publish an event, and give what its subscriber was told beside the payload."""
    seen = list[Envelope]()

    async def handle(_payload: Any, envelope: Envelope) -> None:
        seen.append(envelope)

    subscribe(bus, "said", handle)
    await bus.on_ready()
    await bus.publish("said", 1, **how)
    await settled(bus)
    (envelope,) = seen
    return envelope


async def test_headers_arrive_in_the_envelope_as_they_were_published(bus: Work) -> None:
    headers = {"tenant": "ünder the bridge", "": "", "two\nlines": "\0'\""}

    assert (await envelope_of(bus, headers=headers)).headers == headers


async def test_there_are_no_headers_unless_given(bus: Work) -> None:
    assert (await envelope_of(bus)).headers == {}


async def test_headers_are_a_copy_for_each_subscriber(bus: Work) -> None:
    seen, sent = list[dict[str, str]](), {"tenant": "a"}

    async def spoil(_payload: Any, envelope: Envelope) -> None:
        envelope.headers["tenant"] = "spoilt"

    async def handle(_payload: Any, envelope: Envelope) -> None:
        seen.append(envelope.headers)

    subscribe(bus, "said", spoil)
    subscribe(bus, "said", handle)
    await bus.on_ready()

    await bus.publish("said", 1, headers=sent)
    sent["tenant"] = "changed after the publish"
    await settled(bus)

    assert seen == [{"tenant": "a"}]


async def test_headers_of_nearly_4_kib_arrive(bus: Work) -> None:
    headers = {str(number): "x" * 350 for number in range(10, 21)}

    assert (await envelope_of(bus, headers=headers)).headers == headers


@pytest.mark.parametrize(
    "headers",
    [{"a": "x" * 4_097}, {"x" * 4_097: ""}, {str(n): "x" * 100 for n in range(42)}],
    ids=["text", "name", "all"],
)
async def test_headers_over_4_kib_are_refused(bus: Work, headers: dict[str, str]) -> None:
    await bus.on_ready()

    with pytest.raises(ValueError, match="headers"):
        await bus.publish("said", 1, headers=headers)


@pytest.mark.parametrize("headers", [{"a": 1}, {1: "a"}, {"a": None}, {"a": "\ud800"}], ids=str)
async def test_headers_that_are_no_texts_are_refused(bus: Work, headers: Any) -> None:
    await bus.on_ready()

    with pytest.raises(ValueError):
        await bus.publish("said", 1, headers=headers)


@pytest.mark.parametrize(
    "key",
    ["k" * 200, "\U0001f600" * 200, " ", "a.b.*.>", "'\"?:a%s\\", "two\nlines"],
    ids=["200", "200 of four bytes", "space", "a pattern", "quotes", "lines"],
)
async def test_a_key_is_any_text_of_up_to_200_characters(bus: Work, key: str) -> None:
    assert (await envelope_of(bus, key=key)).key == key


@pytest.mark.parametrize("key", ["k" * 201, "\0", "\ud800"], ids=["201", "nul", "surrogate"])
async def test_any_other_key_is_refused(bus: Work, key: str) -> None:
    await bus.on_ready()

    with pytest.raises(ValueError):
        await bus.publish("said", 1, key=key)


async def test_what_is_refused_reaches_nobody(bus: Work) -> None:
    listener = Listener()
    subscribe(bus, "said", listener.handle)
    await bus.on_ready()

    for how in ({"key": "k" * 201}, {"delay": -1}, {"ttl": -1}, {"headers": {"a": "x" * 5_000}}):
        with pytest.raises(ValueError):
            await bus.publish("said", 1, **how)
    await bus.publish("said", 2)
    await settled(bus)

    assert listener.seen == [2]
