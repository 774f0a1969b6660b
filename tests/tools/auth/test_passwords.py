"""Passwords and stored hashes that are meant to break, slow down or tell something."""

import statistics
import time

import pytest
from argon2 import PasswordHasher, Type

from tools.auth.argon2_passwords import Argon2Passwords
from tools.auth.settings import AuthSettings

GOOD = "correct horse"


@pytest.fixture(scope="module")
def passwords() -> Argon2Passwords:
    cheapest = AuthSettings(auth_argon2_memory_kib=19_456, auth_argon2_time_cost=2, auth_argon2_parallelism=1)
    return Argon2Passwords(cheapest)


@pytest.fixture(scope="module")
def hashed(passwords: Argon2Passwords) -> str:
    return passwords.hash(GOOD.encode())


def spent_s(passwords: Argon2Passwords, password: str, stored: str | None) -> float:
    start = time.thread_time()
    assert passwords.verify(password, stored) is False
    return time.thread_time() - start


@pytest.mark.parametrize("case", ["unknown user", "garbage hash", "bad tag", "short password", "10 MB password"])
def test_every_no_takes_about_the_time_of_a_wrong_password(passwords: Argon2Passwords, hashed: str, case: str) -> None:
    tries = {
        "unknown user": (GOOD, None),
        "garbage hash": (GOOD, "garbage"),
        "bad tag": (GOOD, hashed + "!"),
        "short password": ("x", hashed),
        "10 MB password": ("x" * 10_000_000, hashed),
    }

    pairs = [(spent_s(passwords, "wrong horse", hashed), spent_s(passwords, *tries[case])) for _ in range(9)]

    wrong_s, other_s = (statistics.median(column) for column in zip(*pairs, strict=True))
    assert 0.6 < other_s / wrong_s < 1.6


@pytest.mark.parametrize(
    "cost",
    [
        "m=4194304,t=1,p=1",
        "m=19456,t=4000000,p=1",
        "m=19456,t=2,p=100000",
        "m=-1,t=2,p=1",
        "m=0,t=0,p=0",
        "m=x,t=2,p=1",
    ],
)
def test_a_stored_hash_that_asks_for_too_much_is_not_computed(
    passwords: Argon2Passwords, hashed: str, cost: str
) -> None:
    hostile = hashed.replace("m=19456,t=2,p=1", cost)

    assert spent_s(passwords, GOOD, hostile) < 2
    assert hostile != hashed


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "$",
        "$argon2id$",
        "ñ",
        "\ud800",
        "\0",
        "$argon2id$v=19$m=19456,t=2,p=1$$",
        "$2b$12$" + "a" * 53,
        "x" * 10_000_000,
    ],
    ids=["empty", "dollar", "name", "unicode", "surrogate", "NUL", "no salt", "bcrypt", "10 MB"],
)
def test_a_stored_hash_that_is_none_of_ours_matches_nothing(passwords: Argon2Passwords, garbage: str) -> None:
    assert passwords.verify(GOOD, garbage) is False
    assert passwords.needs_rehash(garbage) is True


def test_only_argon2id_is_accepted(passwords: Argon2Passwords) -> None:
    other = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.I).hash(GOOD)

    assert passwords.verify(GOOD, other) is False


def test_a_hash_of_other_parameters_is_accepted_and_needs_a_rehash(passwords: Argon2Passwords) -> None:
    older = PasswordHasher(time_cost=2, memory_cost=20_000, parallelism=1).hash(GOOD)

    assert passwords.verify(GOOD, older) is True
    assert passwords.needs_rehash(older) is True


def test_the_costs_by_default_are_those_of_rfc_9106() -> None:
    hashed = Argon2Passwords(AuthSettings()).hash(GOOD.encode())

    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
