"""What may be a callback, and what it is called with."""

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any

import pytest

from tests.contracts.event_bus.plugins import (
    Gate,
    Listener,
    OnlyId,
    UserCreated,
    Work,
    errors,
    hook,
    settled,
    subscribe,
)
from tools.event_bus.contract import Envelope

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="fresh")


async def test_a_struct_arrives_as_the_subscribers_own_struct_of_fewer_fields(bus: Work) -> None:
    seen = list[Any]()

    async def handle(user: OnlyId) -> None:
        seen.append(user)

    subscribe(bus, "user.created", handle)
    await bus.on_ready()

    await bus.publish("user.created", UserCreated(7, "ana@example.com"))
    await settled(bus)

    assert seen == [OnlyId(7)]


@pytest.mark.parametrize("annotation", [dict, Any, None], ids=["dict", "any", "none"])
async def test_a_struct_arrives_as_a_dict_where_no_struct_is_annotated(bus: Work, annotation: Any) -> None:
    seen = list[Any]()

    async def handle(user):  # type: ignore[no-untyped-def]  # the annotation is the parameter of the test
        seen.append(user)

    if annotation is not None:
        handle.__annotations__["user"] = annotation
    subscribe(bus, "user.created", handle)
    await bus.on_ready()

    await bus.publish("user.created", UserCreated(7, "ana@example.com"))
    await settled(bus)

    assert seen == [{"id": 7, "email": "ana@example.com"}]


async def test_a_def_runs_in_a_thread_and_an_awaitable_that_it_returns_is_awaited(bus: Work) -> None:
    seen = list[Any]()

    async def finish(payload: Any) -> None:
        seen.append((payload, asyncio.get_running_loop()))

    def handle(payload: Any) -> Any:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        return finish(payload)

    subscribe(bus, "said", handle)
    await bus.on_ready()

    await bus.publish("said", 1)
    await settled(bus)

    assert seen == [(1, asyncio.get_running_loop())]


async def test_a_callable_object_is_a_callback(bus: Work) -> None:
    seen = list[Any]()

    class Collector:
        async def __call__(self, payload: OnlyId) -> None:
            seen.append(payload)

    subscribe(bus, "said", Collector())
    await bus.on_ready()

    await bus.publish("said", {"id": 1})
    await settled(bus)

    assert seen == [OnlyId(1)]


async def test_a_method_of_a_list_is_a_callback(bus: Work) -> None:
    seen = list[Any]()
    subscribe(bus, "said", seen.append)
    await bus.on_ready()

    await bus.publish("said", 1)
    await settled(bus)

    assert seen == [1]


async def test_a_def_may_take_the_envelope_too(bus: Work) -> None:
    seen = list[Any]()

    def handle(payload: Any, envelope: Envelope) -> None:
        seen.append((payload, envelope.event))

    subscribe(bus, "said", handle)
    await bus.on_ready()

    await bus.publish("said", 1)
    await settled(bus)

    assert seen == [(1, "said")]


async def test_each_event_starts_in_a_fresh_context(bus: Work) -> None:
    seen = list[str]()

    async def handle(_payload: Any) -> None:
        seen.append(variable.get())
        variable.set("set in a callback")
        await asyncio.sleep(0)
        seen.append(variable.get())

    subscribe(bus, "said", handle)
    await bus.on_ready()
    token = variable.set("set by the publisher")

    await bus.publish("said", 1)
    await bus.publish("said", 2)
    await settled(bus)
    variable.reset(token)

    assert seen == ["fresh", "set in a callback"] * 2


async def test_a_callback_may_register_nothing(bus: Work) -> None:
    async def handle(_payload: Any) -> None:
        bus.subscribe("late", lambda payload: None)

    subscribe(bus, "said", handle, retries=0)
    await bus.on_ready()

    await bus.publish("said", 1)
    await settled(bus)

    (error,) = await errors(bus)
    assert "outside a hook" in error


@pytest.mark.parametrize(
    "how",
    [
        {"retries": -1},
        {"backoff": -0.1},
        {"backoff": float("nan")},
        {"timeout": 0},
        {"timeout": float("nan")},
        {"concurrency": 0},
    ],
    ids=str,
)
async def test_a_number_out_of_range_is_refused(bus: Work, how: dict[str, Any]) -> None:
    (name,) = how

    with hook(), pytest.raises(ValueError, match=rf"^made\.listener\.append subscribes with .*{name}="):
        bus.subscribe("said", [].append, **how)


async def test_an_annotation_that_does_not_resolve_names_the_callback(bus: Work) -> None:
    async def handle(payload: "Missing") -> None:  # type: ignore[name-defined]  # noqa: F821
        pass

    with hook(), pytest.raises(TypeError) as refused:
        bus.subscribe("said", handle)

    assert str(refused.value) == (
        "made.listener.handle has an annotation that does not resolve, name 'Missing' is not defined: "
        "import it in its module"
    )


async def test_a_payload_type_that_is_not_json_names_the_callback(bus: Work) -> None:
    async def handle(payload: Gate) -> None:
        pass

    with (
        hook(),
        pytest.raises(TypeError, match=r"^made\.listener\.handle takes a payload that cannot be decoded, Gate"),
    ):
        bus.subscribe("said", handle)


@pytest.mark.parametrize("callback", [lambda: None, lambda a, b: None, lambda a, *, b: None], ids=["0", "2", "keyword"])
async def test_a_callback_with_other_parameters_is_refused(bus: Work, callback: Callable[..., object]) -> None:
    with hook(), pytest.raises(TypeError, match="cannot be called by event_bus"):
        bus.subscribe("said", callback)


async def test_what_is_no_function_is_refused(bus: Work) -> None:
    with hook(), pytest.raises(TypeError, match="cannot be a callback of event_bus"):
        bus.subscribe("said", 3)  # type: ignore[arg-type]  # that is what is tested


async def test_a_callback_that_was_refused_takes_no_groups_place(bus: Work) -> None:
    listener = Listener()
    with hook(), pytest.raises(ValueError):
        bus.subscribe("said", listener.handle, retries=-1)

    subscribe(bus, "said", listener.handle)
    await bus.on_ready()
    await bus.publish("said", 1)
    await settled(bus)

    assert listener.seen == [1]
