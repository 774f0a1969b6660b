"""A rehearsed call does all that a real one does, and nothing of it is left."""

import asyncio
import re
from typing import Any

import pytest

from tests.domains.person import PASSWORD, Person, rows, settled
from tests.tools.assistant.asking import ask, rehearse
from tests.tools.assistant.conftest import Application

_GROWS = "_event_workers"  # a sign of life, which grows whether anybody calls or not


def everything(database: str) -> dict[str, list[str]]:
    """Read every row of every table."""
    if database.startswith("postgresql"):
        found = rows(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    else:
        found = rows(database, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    names = sorted(name for (name,) in found if name != _GROWS)
    assert {"notes", "users", "refresh_tokens", "notifications", "_event_deliveries"} <= {*names}
    return {name: sorted(map(repr, rows(database, f"SELECT * FROM {name}"))) for name in names}


def calls(ana: Person, root: Person, dead: int) -> list[tuple[str, str, dict[str, Any]]]:
    """List fifty calls that change something, or try to."""
    mine, boss = f"{ana.id}", f"{root.id} admin"
    new = {"name": "Eve", "email": "eve@example.com", "password": PASSWORD}
    made = ["plain", "many", "nested", "half", "fails", "caught", "later", "task", "background", "streamed", "serial",
            "upsert", "publish", "delayed", "asks", "schedule", "counts", "swallows", "returning", "once",
            "limited"]  # fmt: skip
    return [
        ("POST", "/users", {"body": new}),
        ("POST", "/users", {"body": {**new, "email": ana.email}}),
        ("POST", "/users", {"body": {**new, "password": "short"}}),
        ("POST", "/users", {"body": {**new, "email": "EVE2@EXAMPLE.COM"}}),
        ("PATCH", f"/users/{ana.id}", {"body": {"name": "Anna"}, "as_user": mine}),
        ("PATCH", f"/users/{ana.id}", {"body": {"email": "anna@example.com"}, "as_user": mine}),
        ("PATCH", f"/users/{ana.id}", {"body": {"email": root.email}, "as_user": mine}),
        ("PATCH", f"/users/{ana.id}", {"as_user": mine,
                                       "body": {"password": "another horse", "current_password": PASSWORD}}),
        ("PATCH", f"/users/{ana.id}", {"as_user": mine,
                                       "body": {"password": "another horse", "current_password": "wrong horse"}}),
        ("PATCH", f"/users/{ana.id}", {"body": {"role": "admin"}, "as_user": boss}),
        ("PATCH", "/users/999", {"body": {"name": "Nobody"}, "as_user": boss}),
        ("DELETE", f"/users/{ana.id}", {"as_user": mine}),
        ("DELETE", f"/users/{ana.id}", {"as_user": boss}),
        ("DELETE", f"/users/{root.id}", {"as_user": boss}),
        ("DELETE", f"/users/{root.id}", {"as_user": mine}),
        ("POST", "/auth/login", {"body": {"email": ana.email, "password": PASSWORD}}),
        ("POST", "/auth/login", {"body": {"email": ana.email, "password": "wrong horse"}}),
        ("POST", "/auth/refresh", {"body": {"refresh_token": ana.refresh_token}}),
        ("POST", "/auth/refresh", {"body": {"refresh_token": "nonsense"}}),
        ("POST", "/auth/logout", {"body": {"refresh_token": ana.refresh_token}}),
        ("POST", f"/system/dead-letters/{dead}/replay", {"as_user": boss}),
        ("POST", f"/system/dead-letters/{dead}/drop", {"as_user": boss}),
        ("POST", "/system/jobs/nightly/cancel", {"as_user": boss}),
        ("POST", "/fail", {}),
        *(("POST", f"/notes/{name}", {"body": {"title": "made"}, "headers": {"idempotency-key": "k1"}})
          for name in made),
        ("PUT", "/notes/1", {"body": {"title": "changed"}}),
        ("DELETE", "/notes/1", {}),
        ("DELETE", "/notes", {}),
        ("POST", "/notes/plain", {"body": {"title": "kept"}}),
        ("POST", "/notes/plain", {"body": "no json", "headers": {"content-type": "application/json"}}),
    ]  # fmt: skip


@pytest.mark.timeout(180)
async def test_fifty_calls_leave_every_row_of_every_table_as_it_was(running: Application) -> None:
    client, ana, root = running.client, running.ana, running.root
    await client.post("/fail")
    async with asyncio.timeout(5):
        while not (dead := (await client.get("/system/dead-letters", headers=root.headers)).json()["items"]):
            await asyncio.sleep(0.01)
    await settled(client, root)
    before = everything(running.database)

    told = [await rehearse(client, method, path, **more) for method, path, more in calls(ana, root, dead[0]["id"])]

    await asyncio.sleep(0.3)  # what was left behind, delayed or scheduled has had its time
    await settled(client, root)
    assert everything(running.database) == before
    assert len(told) == 50
    statuses = [int(one[:3]) for one in told]
    assert sum(status < 300 for status in statuses) >= 30, statuses
    assert sum("\nsql (" in one for one in told) >= 38
    assert (await client.get("/counted")).json() == {"notes": None, "last": None}


async def test_what_a_call_would_do_is_told(running: Application) -> None:
    new = {"name": "Eve", "email": "eve@example.com", "password": PASSWORD}

    told = await rehearse(running.client, "POST", "/users", body=new)

    assert re.match(r"201 Created by users\.create_user, \d+ ms; nothing of it is stored or sent\n", told)
    assert '"email":"eve@example.com"' in told
    assert "- INSERT INTO users (name, email, password_hash) VALUES (?, ?, ?) RETURNING" in told
    assert "(str, str, str) -> a row" in told
    assert '- publish user.created {"id":' in told
    assert "-> notifications.send_welcome" in told


async def test_no_secret_is_told(running: Application) -> None:
    ana, client = running.ana, running.client

    login = await rehearse(client, "POST", "/auth/login", body={"email": ana.email, "password": PASSWORD})
    mine = await rehearse(client, "GET", "/users/me", headers={"Authorization": f"Bearer {ana.access_token}"})
    broken = await rehearse(client, "POST", "/notes/half", body={"title": "made"})

    assert '"access_token":"[redacted]","refresh_token":"[redacted]"' in login
    assert '"email":"ana@example.com"' in mine
    assert "ValueError: half-way, with the secret token=[redacted]" in broken
    for told in (login, mine, broken):
        assert PASSWORD not in told
        assert ana.access_token not in told
        assert "abcdefgh123" not in told
        assert "eyJ" not in told
        assert "$argon2" not in told


async def test_what_failed_is_told_with_the_lines_that_led_there(running: Application) -> None:
    half = await rehearse(running.client, "POST", "/notes/half", body={"title": "made"})
    fails = await rehearse(running.client, "POST", "/notes/fails", body={"title": "made"})

    assert half.startswith("500 ")
    assert re.search(r"at \S*notes/plugins/write_notes\.py:\d+", half)
    assert fails.startswith("500 ")
    assert "a table is missing here: run `python -m manifest migrate`" in fails


async def test_a_statement_that_fails_on_its_own_takes_nothing_along_as_in_a_real_call(running: Application) -> None:
    told = await rehearse(running.client, "POST", "/notes/caught", body={"title": "made"})
    real = await running.client.post("/notes/caught", json={"title": "made"})

    assert told.startswith("200 OK")
    assert "-> UniqueError: " in told
    assert real.status_code == 200


async def test_wrong_passwords_in_rehearsals_count_for_nobody_else(running: Application) -> None:
    ana, client = running.ana, running.client
    for _ in range(12):
        await rehearse(client, "POST", "/auth/login", body={"email": ana.email, "password": "wrong horse"})

    answer = await client.post("/auth/login", json={"email": ana.email, "password": PASSWORD})

    assert answer.status_code == 200


async def test_a_rehearsal_sees_its_own_changes_of_state_and_the_next_one_does_not(running: Application) -> None:
    first = await rehearse(running.client, "POST", "/notes/counts", body={"title": "made"})
    second = await rehearse(running.client, "POST", "/notes/counts", body={"title": "made"})

    assert "[1,3]" in first
    assert "[1,3]" in second


async def test_rate_limits_and_idempotency_keys_of_rehearsals_hold_nobody_up(running: Application) -> None:
    for _ in range(4):
        told = await rehearse(running.client, "POST", "/notes/limited", body={"title": "made"})
        assert told.startswith("200 ")
    headers = {"idempotency-key": "k2"}
    await rehearse(running.client, "POST", "/notes/once", body={"title": "made"}, headers=headers)

    real = await running.client.post("/notes/once", json={"title": "made"}, headers=headers)

    assert real.status_code == 200
    assert rows(running.database, "SELECT count(*) FROM notes WHERE title = 'made'") == [(1,)]


async def test_real_calls_go_on_as_ever_beside_rehearsals(running: Application) -> None:
    async def real(number: int) -> int:
        return (await running.client.post("/notes/publish", json={"title": f"real {number}"})).status_code

    rehearsed = [rehearse(running.client, "POST", "/notes/publish", body={"title": f"tried {n}"}) for n in range(10)]
    statuses = (await asyncio.gather(*map(real, range(10)), *rehearsed))[:10]

    await settled(running.client, running.root)
    titles = {title for (title,) in rows(running.database, "SELECT title FROM notes")}
    assert statuses == [200] * 10
    assert titles == {"kept", *(f"{before}real {n}" for before in ("", "heard ") for n in range(10))}


async def test_an_answer_without_end_is_cut_off(running: Application) -> None:
    told = await rehearse(running.client, "GET", "/notes/endless", budget=400)

    assert "ended: it answers more than 262,144 bytes" in told


async def test_who_asks_another_plugin_is_told_that_nobody_is_asked(running: Application) -> None:
    told = await rehearse(running.client, "POST", "/notes/asks", body={"title": "made"})

    assert told.startswith("500 ")
    assert '- request note.count {"title":"made"} -> notes.write_notes' in told
    assert "NobodyIsAskedError" in told
    assert rows(running.database, "SELECT count(*) FROM notes WHERE title = 'answered'") == [(0,)]


async def test_a_plugin_that_reaches_out_by_itself_is_refused_by_name(running: Application) -> None:
    told = await ask(running.client, "try_call", method="POST", path="/out")

    assert told.is_error
    assert re.search(r"^notes\.call_out \(\S+/call_out\.py\) cannot be rehearsed: it imports httpx, ", told.text)


@pytest.mark.parametrize("path", ["/mcp", "/mcp/anything"])
async def test_what_is_mounted_is_refused(path: str, running: Application) -> None:
    told = await ask(running.client, "try_call", method="POST", path=path, body={})

    assert told.is_error
    assert told.text == "system.serve_mcp mounts another app at /mcp: what that does is not taken back"
