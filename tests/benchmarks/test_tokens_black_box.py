"""One test for the five schools of benchmarks/tokens, over HTTP: they do the same, so that what they cost compares."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.tokens.schools import SCHOOLS
from tests.benchmarks.served_school import PASSWORD, Served, serving

OLD = "old@example.com"
INVALID: dict[str, list[str | None]] = {
    "name": ["", "a" * 101, None],
    "email": ["nobody", "nobody@example", "no body@example.com", f"nobody{'a' * 243}@example.com", None],
    "password": ["1234567", "a" * 1025, None],
    "role": ["admin"],
}


@pytest.fixture(scope="module")
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An app with the first feature; or with both, on the data that it left with the first."""
    school, stage = request.param.split()
    database = tmp_path_factory.mktemp(school) / "app.db"
    with serving(school, "register", database) as app:
        app.register(OLD)
        if stage == "register":
            yield app
    if stage == "block":
        with serving(school, "block", database) as app:
            yield app


def of_apps(*stages: str) -> pytest.MarkDecorator:
    """Run a test on each school at these stages."""
    return pytest.mark.parametrize("served", [f"{name} {stage}" for name in SCHOOLS for stage in stages], indirect=True)


pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
with_register, with_block = of_apps("register", "block"), of_apps("block")


@with_register
def test_a_registered_user_is_answered_stored_with_a_hash_and_can_log_in(served: Served) -> None:
    answer = served.register("Ana@Example.com")

    assert answer.status_code == 201
    assert answer.json() == {"id": answer.json()["id"], "name": "Ana", "email": "ana@example.com", "role": "user"}
    [(hashed,)] = served.rows("SELECT password_hash FROM users WHERE id = ?", answer.json()["id"])
    assert hashed.startswith("$argon2id$")
    login = served.log_in("ana@EXAMPLE.com")
    assert (login.status_code, login.json()["token_type"]) == (200, "bearer")


@with_register
def test_a_registered_user_is_welcomed_once_and_nobody_else_sees_it(served: Served) -> None:
    served.register("bob@example.com", name="Bob")
    headers = served.headers_of("bob@example.com")

    deadline = time.monotonic() + 10
    while not (welcomes := served.client.get("/notifications", headers=headers).json()):
        assert time.monotonic() < deadline, "no welcome within 10 s"
        time.sleep(0.05)

    assert [(one["kind"], one["message"]) for one in welcomes] == [("welcome", "Welcome, Bob!")]
    assert welcomes[0].keys() == {"id", "kind", "message"}
    assert served.client.get("/notifications").status_code == 401


@with_register
def test_what_is_not_valid_is_refused_and_not_stored(served: Served) -> None:
    new = {"name": "Ana", "email": "nobody@example.com", "password": PASSWORD}
    bodies = [{**new, field: value} for field, values in INVALID.items() for value in values]
    bodies += [{key: new[key] for key in new if key != left_out} for left_out in new]

    accepted = [body for body in bodies if served.client.post("/users", json=body).status_code != 422]

    assert accepted == []
    assert served.rows("SELECT id FROM users WHERE email LIKE '%nobody%'") == []


@with_register
def test_of_many_who_want_one_email_at_once_one_gets_it_whatever_its_case(served: Served) -> None:
    emails = [f"{'CAROL'[:n]}{'carol'[n:]}@example.com" for n in range(6)]

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(served.register, emails))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 5}
    assert served.rows("SELECT count(*) FROM users WHERE email = 'carol@example.com'") == [(1,)]


@with_register
def test_a_wrong_login_is_refused(served: Served) -> None:
    answers = [served.log_in(OLD, "wrong horse"), served.log_in("stranger@example.com", PASSWORD)]

    assert [answer.status_code for answer in answers] == [401, 401]


@with_block
def test_a_user_whom_an_administrator_blocks_cannot_log_in(served: Served) -> None:
    [(id,)] = served.rows("SELECT id FROM users WHERE email = ?", OLD)
    served.register("root@example.com")
    served.rows("UPDATE users SET role = 'admin' WHERE email = 'root@example.com'")
    admin, path = served.headers_of("root@example.com"), f"/users/{id}/block"

    strangers = [served.client.post(path), served.client.post(path, headers=served.headers_of(OLD))]
    before = served.log_in(OLD)
    blocked = [served.client.post(path, headers=admin) for _ in range(2)]
    after = [served.log_in(OLD), served.log_in(OLD, "wrong horse"), served.log_in("root@example.com")]
    unknown = served.client.post("/users/9999/block", headers=admin)

    assert [answer.status_code for answer in strangers] == [401, 403]
    assert [before.status_code, *(answer.status_code for answer in blocked)] == [200, 204, 204]
    assert [answer.status_code for answer in after] == [403, 401, 200]
    assert unknown.status_code == 404
