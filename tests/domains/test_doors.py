"""Every route of the shipped system is walked: strangers get in where they may, and nobody reaches another's data."""

from typing import Any

import httpx
import pytest

import asgi
from tests.domains.person import Person

PUBLIC = {
    "GET /health/live",
    "GET /health/ready",
    "POST /auth/login",
    "POST /auth/logout",
    "POST /auth/refresh",
    "POST /users",
}
FOR_ADMINISTRATORS = {
    "GET /users",
    "GET /system/status",
    "GET /system/dead-letters",
    "GET /system/jobs",
    "POST /system/jobs/{job}/cancel",
    "POST /system/jobs/{job}/resume",
    "POST /system/dead-letters/{id}/replay",
    "POST /system/dead-letters/{id}/drop",
    "GET /system/traces/{trace_id}",
}
BODIES: dict[str, Any] = {"PATCH /users/{id}": {"name": "Mallory"}}


async def operations(client: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    """List every operation of the system, with what OpenAPI says about it."""
    paths = (await client.get("/openapi.json")).json()["paths"]
    return {
        f"{method.upper()} {path}": operation
        for path, methods in paths.items()
        for method, operation in methods.items()
    }


async def call(client: httpx.AsyncClient, operation: str, id: int, headers: dict[str, str]) -> httpx.Response:
    method, path = operation.split()
    body = BODIES.get(operation, {} if method in ("POST", "PATCH", "PUT") else None)
    return await client.request(method, path.replace("{id}", str(id)), json=body, headers=headers)


async def test_what_is_public_is_on_the_list(client: httpx.AsyncClient) -> None:
    found = await operations(client)

    assert {name for name, operation in found.items() if "security" not in operation} == PUBLIC


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer wrong", "Basic cm9vdDpyb290", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."],
)
async def test_without_a_good_token_no_guarded_route_answers(
    client: httpx.AsyncClient, ana: Person, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"authorization": authorization}

    statuses = {
        name: (await call(client, name, ana.id, headers)).status_code
        for name in (await operations(client)).keys() - PUBLIC
    }

    assert statuses
    assert set(statuses.values()) == {401}, statuses


async def test_the_token_of_another_system_opens_nothing(client: httpx.AsyncClient, ana: Person, root: Person) -> None:
    guarded = (await operations(client)).keys() - PUBLIC

    async with asgi.running() as other:
        statuses = {name: (await call(other, name, ana.id, root.headers)).status_code for name in guarded}

    assert set(statuses.values()) == {401}, statuses


async def test_with_the_ids_swapped_every_operation_on_an_account_is_refused(
    client: httpx.AsyncClient, ana: Person, bob: Person
) -> None:
    on_accounts = [name for name in await operations(client) if "{id}" in name]

    statuses = {
        (name, id): (await call(client, name, id, who.headers)).status_code
        for name in on_accounts
        for who, id in ((ana, bob.id), (bob, ana.id), (ana, 99))
    }

    assert len(on_accounts) == 5
    assert set(statuses.values()) == {403}, statuses


async def test_what_is_for_administrators_is_refused_to_others(client: httpx.AsyncClient, ana: Person) -> None:
    found = await operations(client)

    statuses = {name: (await call(client, name, ana.id, ana.headers)).status_code for name in FOR_ADMINISTRATORS}

    assert found.keys() >= FOR_ADMINISTRATORS
    assert set(statuses.values()) == {403}


async def test_no_answer_carries_a_password_or_a_hash(client: httpx.AsyncClient, ana: Person, root: Person) -> None:
    answers = [
        await call(client, name, ana.id, root.headers) for name in await operations(client) if name.startswith("GET")
    ]

    assert {answer.status_code for answer in answers} == {200, 404}  # of a trace that there is not
    assert not any(word in answer.text for answer in answers for word in ("argon2", "password", "digest"))
