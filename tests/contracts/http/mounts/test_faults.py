"""Lifespans that fail or hang, and mounts that are taken back."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.contracts.http.mounts.mounting import Noted, mount, ready, shut
from tests.contracts.http_served import Served, hook


async def test_a_start_up_that_fails_names_mount_and_owner_and_stops_what_had_started(http: Served) -> None:
    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        raise ValueError("no database at 'db:5432'")
        yield

    noted = Noted()
    mount(http, "/good", noted.app("good"))
    mount(http, "/admin", Starlette(lifespan=lifespan), "shop.admin")
    mount(http, "/later", noted.app("later"))

    with pytest.raises(Exception) as raised:
        await ready(http)

    who, why = "shop.admin (shop.admin.py): mount '/admin'", "ValueError: no database at 'db:5432'"
    advice = "correct it, or do not mount it"
    assert str(raised.value) == f"{who}: the app's own startup failed: {why}: {advice}"
    assert noted.all == ["good starts", "good stops"]


async def test_a_start_up_that_hangs_is_cut_by_the_hooks_time_out_and_named(
    http: Served, caplog: pytest.LogCaptureFixture
) -> None:
    ended = asyncio.Event()

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        yield

    mount(http, "/admin", Starlette(lifespan=lifespan))

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(ready(http), 0.05)
    await asyncio.wait_for(ended.wait(), 5)

    assert "made.feature (made.feature.py): mount '/admin': the app's own startup did not end in time" in caplog.text


async def test_a_shutdown_that_fails_is_logged_and_the_others_still_stop(
    http: Served, caplog: pytest.LogCaptureFixture
) -> None:
    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        yield
        raise ValueError("not flushed")

    noted = Noted()
    mount(http, "/a", noted.app("a"))
    mount(http, "/b", Starlette(lifespan=lifespan))

    await ready(http)
    with caplog.at_level(logging.ERROR):
        await shut(http)

    assert noted.all == ["a starts", "a stops"]
    assert "made.feature (made.feature.py): mount '/b': the app's own shutdown failed: ValueError: not" in caplog.text


async def test_a_shutdown_that_hangs_is_cut_and_leaves_nothing_running(http: Served) -> None:
    ended = list[str]()

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        yield
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cut")

    noted = Noted()
    mount(http, "/a", noted.app("a"))
    mount(http, "/b", Starlette(lifespan=lifespan))
    await ready(http)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(shut(http), 0.05)
    for _ in range(5):
        await asyncio.sleep(0)

    assert ended == ["cut"]
    assert [one for one in asyncio.all_tasks() if one is not asyncio.current_task()] == []


async def test_a_lifespan_that_wants_the_process_to_exit_does_not_get_it(http: Served) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise SystemExit(3)

    mount(http, "/a", app)

    await ready(http)
    await shut(http)


async def test_a_removed_mount_is_not_started(http: Served) -> None:
    noted = Noted()
    part = mount(http, "/a", noted.app("a"))

    part.undo.close()
    await ready(http)
    await shut(http)

    assert noted.all == []


async def test_what_a_part_mounts_before_it_fails_is_forgotten_with_it(http: Served) -> None:
    noted = Noted()
    app = noted.app("a")
    mount(http, "/a", app)
    with hook("other.feature") as other, pytest.raises(ValueError):
        http.http.mount("/a", app)

    other.undo.close()
    await ready(http)
    await shut(http)

    assert noted.all == ["a starts", "a stops"]
