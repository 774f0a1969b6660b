import asyncio
import statistics
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

import asgi
from tests.domains.person import PASSWORD, Person, rows, sign_up

GARBAGE = "$argon2id$v=19$m=4194304,t=9,p=1$c29tZXNhbHQ$Z2FyYmFnZQ"


async def log_in(client: httpx.AsyncClient, email: str, password: str, **headers: str) -> httpx.Response:
    return await client.post("/auth/login", json={"email": email, "password": password}, headers=headers)


async def test_a_login_is_answered_with_a_session(client: httpx.AsyncClient, ana: Person) -> None:
    answer = await log_in(client, ana.email.upper(), PASSWORD)

    session = answer.json()
    assert answer.status_code == 200
    assert session.keys() == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (session["token_type"], session["expires_in"]) == ("bearer", 900)


async def test_every_no_is_the_same(client: httpx.AsyncClient, ana: Person, bob: Person, database: str) -> None:
    rows(database, "INSERT INTO users (name, email) VALUES ('Eve', 'eve@example.com')")
    rows(database, "UPDATE users SET password_hash = ? WHERE id = ?", GARBAGE, bob.id)

    emails = [ana.email, "nobody@example.com", "eve@example.com", bob.email]
    answers = [await log_in(client, email, "wrong horse") for email in emails]

    assert [answer.status_code for answer in answers] == [401] * 4
    assert {answer.json()["detail"] for answer in answers} == {"the email or the password is wrong"}


@pytest.mark.parametrize(
    ("password", "status"),
    [
        (b"a\\u0000bcdefgh", 401),
        (b"\\ud800\\ud800\\ud800\\ud800", 400),
        (b"\xff" * 8, 400),
        (b"\xc3\xb1" * 600, 401),
        (b"a" * 1025, 422),
        (b"a" * 10_000_000, 413),
        (b"short", 422),
        (b"' OR 1=1 --", 401),
    ],
    ids=["NUL", "surrogate", "not UTF-8", "1200 bytes", "1025", "10 MB", "short", "SQL"],
)
async def test_no_password_is_a_fault_of_the_server(
    client: httpx.AsyncClient, ana: Person, password: bytes, status: int
) -> None:
    body = b'{"email": "%s", "password": "%s"}' % (ana.email.encode(), password)

    answer = await client.post("/auth/login", content=body, headers={"content-type": "application/json"})

    assert answer.status_code in ({400, 422} if status == 400 else {status})


async def test_of_wrong_passwords_side_by_side_exactly_the_limit_is_checked(
    client: httpx.AsyncClient, ana: Person
) -> None:
    answers = await asyncio.gather(*(log_in(client, ana.email, "wrong horse") for _ in range(60)))

    assert Counter(answer.status_code for answer in answers) == {401: 10, 429: 50}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert 800 < int(refused.headers["retry-after"]) <= 900


async def test_a_limited_account_refuses_the_right_password_too_and_others_go_on(
    settings: dict[str, str],
) -> None:
    async with asgi.running({**settings, "LOGIN_ATTEMPTS_PER_ACCOUNT": "2"}) as client:
        ana, bob = await sign_up(client, "ana"), await sign_up(client, "bob")
        for email in (ana.email, ana.email.upper()):
            await log_in(client, email, "wrong horse")

        answers = [await log_in(client, one.email, PASSWORD) for one in (ana, bob)]

        assert [answer.status_code for answer in answers] == [429, 200]


async def test_an_account_that_is_not_there_is_limited_in_the_same_way(settings: dict[str, str]) -> None:
    async with asgi.running({**settings, "LOGIN_ATTEMPTS_PER_ACCOUNT": "2"}) as client:
        answers = [await log_in(client, "nobody@example.com", "wrong horse") for _ in range(3)]

        assert [answer.status_code for answer in answers] == [401, 401, 429]


async def test_right_passwords_do_not_count(settings: dict[str, str]) -> None:
    limits = {"LOGIN_ATTEMPTS_PER_ACCOUNT": "2", "LOGIN_ATTEMPTS_PER_ADDRESS": "2"}
    async with asgi.running({**settings, **limits}) as client:
        ana = await sign_up(client)

        answers = [await log_in(client, ana.email, PASSWORD) for _ in range(5)]

        assert [answer.status_code for answer in answers] == [200] * 5


async def test_an_address_is_limited_over_all_accounts_whatever_it_says_it_is(settings: dict[str, str]) -> None:
    async with asgi.running({**settings, "LOGIN_ATTEMPTS_PER_ADDRESS": "5"}) as client:
        attempts = [
            log_in(
                client,
                f"{n}@example.com",
                "wrong horse",
                **{"x-forwarded-for": f"10.0.0.{n}", "forwarded": f"for=10.0.0.{n}"},
            )
            for n in range(20)
        ]

        answers = await asyncio.gather(*attempts)

        assert Counter(answer.status_code for answer in answers) == {401: 5, 429: 15}


async def test_a_hash_of_other_parameters_is_replaced_at_login(settings: dict[str, str], database: str) -> None:
    async with asgi.running(settings) as client:
        ana = await sign_up(client)

    async with asgi.running({**settings, "AUTH_ARGON2_TIME_COST": "3"}) as client:
        answers = [await log_in(client, ana.email, PASSWORD) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    [(stored,)] = rows(database, "SELECT password_hash FROM users")
    assert "t=3" in stored


async def test_data_and_sessions_are_there_after_a_restart(settings: dict[str, str], tmp_path: Path) -> None:
    settings = {**settings, "AUTH_SECRET_FILE": str(tmp_path / "secret")}
    async with asgi.running(settings) as client:
        ana = await sign_up(client)

    async with asgi.running(settings) as client:
        me = await client.get("/users/me", headers=ana.headers)
        refreshed = await client.post("/auth/refresh", json={"refresh_token": ana.refresh_token})

    assert (me.json()["email"], refreshed.status_code) == (ana.email, 200)


@pytest.mark.slow
async def test_an_unknown_user_takes_the_time_of_a_wrong_password(settings: dict[str, str]) -> None:
    limits = {"LOGIN_ATTEMPTS_PER_ACCOUNT": "1000", "LOGIN_ATTEMPTS_PER_ADDRESS": "1000"}
    async with asgi.running({**settings, **limits}) as client:
        ana = await sign_up(client)
        # what else the machine does only adds, for some seconds: a difference that is ours is there each time
        ratios = [await _unknown_to_known(client, ana.email) for _ in range(3)]

    assert any(0.9 < ratio < 1.1 for ratio in ratios), ratios


async def _unknown_to_known(client: httpx.AsyncClient, known: str) -> float:
    took_s: dict[str, list[float]] = {known: [], "nobody@example.com": []}
    for _ in range(30):
        for email, times in took_s.items():
            started = time.perf_counter()
            await log_in(client, email, "wrong horse")
            times.append(time.perf_counter() - started)
    of_known, of_unknown = (statistics.mean(sorted(times)[:4]) for times in took_s.values())
    return of_unknown / of_known


@pytest.mark.slow
async def test_a_flood_of_wrong_logins_is_checked_a_hundred_times_and_slows_nobody(client: httpx.AsyncClient) -> None:
    statuses: Counter[int] = Counter()
    times_s: list[float] = []
    numbers = iter(range(1000))

    async def attack() -> None:
        for n in numbers:
            headers = {"x-forwarded-for": f"10.0.{n // 250}.{n % 250}"}
            statuses[(await log_in(client, f"{n % 200}@example.com", "wrong horse", **headers)).status_code] += 1

    attackers = [asyncio.create_task(attack()) for _ in range(20)]
    while not all(attacker.done() for attacker in attackers):
        started = time.perf_counter()
        await client.get("/health/live")
        times_s.append(time.perf_counter() - started)
        await asyncio.sleep(0.001)  # who asks without a pause would keep the event loop

    assert statuses == {401: 100, 429: 900}
    # 20 hashes of 20 ms, were they on the event loop, would take 0.4 s; the clients themselves take some of it
    assert statistics.quantiles(times_s, n=100)[-1] < 0.1


async def test_an_address_over_its_limit_cannot_fill_the_state_with_accounts_that_nobody_has() -> None:
    settings = {"STATE_MAX_KEYS": "8", "LOGIN_ATTEMPTS_PER_ADDRESS": "2"}

    async with asgi.running(settings) as client:
        answers = [
            await client.post("/auth/login", json={"email": f"nobody{number}@example.com", "password": PASSWORD})
            for number in range(20)
        ]

    assert [answer.status_code for answer in answers] == [401] * 2 + [429] * 18
