"""What any work offered as `registry` keeps."""

import asyncio
from typing import Any, Protocol

import pytest

from hookspecs import Answer, Fact, Finding, Part, System, trace
from tools.registry import register_tools
from tools.registry.contract import Health, Registry


class Work(Registry, Protocol):
    async def on_boot(self, system: System) -> None: ...
    async def on_shutdown(self) -> None: ...


class Asked:
    """`System.gather`, with made answers; it waits for `opened`."""

    def __init__(self, *answers: Answer) -> None:
        self.answers, self.calls, self.opened, self.traces = list(answers), list[str](), asyncio.Event(), list[Any]()
        self.opened.set()

    async def gather(self, hook: str, **_arguments: Any) -> list[Answer]:
        self.calls.append(hook)
        self.traces.append(trace.get())
        await self.opened.wait()
        return self.answers


def well(name: str) -> Answer:
    return Answer(name, f"{name}.py", None, None)


def ill(name: str) -> Answer:
    return Answer(name, f"{name}.py", None, OSError("no disk"))


async def booted(asked: Asked, *parts: Part, facts: tuple[Fact, ...] = (), **environ: str) -> Work:
    (tool,) = register_tools()
    work: Any = tool.factory(environ)
    tools, plugins = ([part for part in parts if part.kind == kind] for kind in ("tool", "plugin"))
    await work.on_boot(System(asked.gather, domains=[], tools=tools, plugins=plugins, facts=[*facts]))
    return work  # type: ignore[no-any-return]  # it has the hooks beside the contract


def tool(name: str = "db") -> Part:
    return Part(name, f"tools/{name}/__init__.py", kind="tool", state="ready")


def plugin(name: str = "users.create_user", **more: Any) -> Part:
    return Part(name, f"{name}.py", **{"state": "ready", **more})


async def test_tools_and_plugins_are_listed_in_boot_order() -> None:
    registry = await booted(Asked(), tool("auth"), tool("db"), plugin("b.b"), plugin("a.a"))

    assert [part.name for part in registry.tools()] == ["auth", "db"]
    assert [part.name for part in registry.plugins()] == ["b.b", "a.a"]


async def test_what_is_given_out_is_a_copy() -> None:
    registry = await booted(Asked(), tool(), plugin(needs=["db"]))

    registry.tools()[0].state = "broken"
    registry.plugins().clear()

    assert registry.tools()[0].state == "ready"
    assert registry.plugins()[0].needs == ("db",)


async def test_a_copy_registers_nothing_and_undoes_nothing() -> None:
    undone, part = list[str](), plugin()
    part.undo.callback(undone.append, "undone")
    registry = await booted(Asked(), part)

    registry.plugins()[0].undo.close()
    with pytest.raises(RuntimeError, match="read only here"):
        registry.plugins()[0].undo.callback(print)

    assert undone == []


async def test_facts_are_listed_by_kind() -> None:
    facts = Fact("endpoint", "users.create_user", "POST /users"), Fact("table", "db", "users", data={"rows": 1})
    registry = await booted(Asked(), facts=facts)

    registry.facts("table")[0].data["rows"] = 2  # type: ignore[index]  # a stranger's plugin may not be typed

    assert registry.facts() == list(facts)
    assert registry.facts("table") == [facts[1]]
    assert registry.facts("unknown") == []


async def test_all_is_ready_when_every_check_passes() -> None:
    registry = await booted(Asked(well("db")), tool("auth"), tool("db"), plugin())

    health = await registry.health()

    assert health == Health(status="ready", tools={"auth": "", "db": ""}, plugins={"users.create_user": ""})


async def test_a_tool_that_is_not_well_makes_all_unavailable() -> None:
    registry = await booted(Asked(ill("db"), ill("users.create_user")), tool(), plugin())

    health = await registry.health()

    assert (health.status, health.tools) == ("unavailable", {"db": "OSError: no disk"})


async def test_a_plugin_that_is_not_well_only_degrades() -> None:
    registry = await booted(Asked(well("db"), ill("users.create_user")), tool(), plugin())

    health = await registry.health()

    assert (health.status, health.plugins) == ("degraded", {"users.create_user": "OSError: no disk"})


@pytest.mark.parametrize("error", ["SyntaxError: line 3", ""], ids=["with an error", "without one"])
async def test_a_broken_plugin_degrades(error: str) -> None:
    registry = await booted(Asked(), tool(), plugin(state="broken", error=error))

    health = await registry.health()

    assert (health.status, health.plugins) == ("degraded", {"users.create_user": error})


async def test_a_disabled_plugin_is_no_fault() -> None:
    registry = await booted(Asked(), tool(), plugin(state="disabled"))

    health = await registry.health()

    assert (health.status, health.plugins) == ("ready", {})


async def test_calls_at_the_same_time_share_one_check_and_a_later_one_asks_again() -> None:
    asked = Asked(well("db"))
    registry = await booted(asked, tool())

    several = await asyncio.gather(*(registry.health() for _ in range(50)))
    await registry.health()

    assert {health.status for health in several} == {"ready"}
    assert asked.calls == ["check_health", "check_health"]


async def test_a_caller_that_leaves_does_not_end_the_check_of_the_others() -> None:
    asked = Asked(well("db"))
    asked.opened.clear()
    registry = await booted(asked, tool())
    leaving, staying = (asyncio.create_task(registry.health()) for _ in range(2))
    await asyncio.sleep(0)

    leaving.cancel()
    await asyncio.wait({leaving})
    asked.opened.set()

    assert (await staying).status == "ready"
    assert asked.calls == ["check_health"]


async def test_a_check_without_end_is_unavailable_in_time() -> None:
    asked = Asked()
    asked.opened.clear()
    registry = await booted(asked, tool(), REGISTRY_HEALTH_TIMEOUT_S="0.01")

    health = await registry.health()

    assert health.status == "unavailable"
    assert health.tools == {"db": "", "registry": "the checks did not end within 0.01 s"}


async def test_a_check_belongs_to_no_request() -> None:
    asked = Asked()
    registry = await booted(asked)
    token = trace.set(trace.get()._replace(request_id="request-1"))

    await registry.health()
    trace.reset(token)

    assert [one.request_id for one in asked.traces] == [""]


async def test_a_shutdown_ends_a_check_that_is_under_way() -> None:
    asked = Asked()
    asked.opened.clear()
    registry = await booted(asked)
    asking = asyncio.create_task(registry.health())
    await asyncio.sleep(0)

    await registry.on_shutdown()

    await asyncio.wait({asking})
    assert asking.cancelled()


async def test_a_registry_that_is_not_booted_says_so() -> None:
    (offer,) = register_tools()
    registry: Any = offer.factory({})

    with pytest.raises(RuntimeError, match="registry knows nothing yet, as the system still boots"):
        registry.tools()


async def test_a_disabled_plugin_that_there_is_not_is_named_with_the_nearest_one() -> None:
    system = System(Asked().gather, domains=[], plugins=[plugin("shop.greet"), plugin("shop.off", state="disabled")])
    (tool,) = register_tools()
    work: Any = tool.factory({"PLUGINS_DISABLED": "shop.great, shop.off"})

    assert [*work.check(system)] == [
        Finding(
            "unknown-plugin",
            "PLUGINS_DISABLED names 'shop.great', which is no plugin: did you mean 'shop.greet'? "
            "(plugins: shop.greet, shop.off)",
        )
    ]
