"""What every `auth` keeps; the attacks on it are in tests/tools/auth."""

from collections.abc import AsyncIterator, Sequence

import pytest

from hookspecs import Refusal
from tools.auth.contract import Auth, Forbidden, PasswordError, Unauthenticated
from tools.auth.jwt_auth import JwtAuth
from tools.auth.settings import AuthSettings

SETTINGS = AuthSettings(
    auth_secret="K7-for-tests-only_qWe9zXc4vBn1mLp",
    auth_argon2_memory_kib=19_456,
    auth_argon2_time_cost=2,
    auth_argon2_parallelism=1,
)
GOOD = "correct horse"


class Clock:
    """Unix time that passes when a test says so."""

    now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


class Context:
    """What a guard sees of a request."""

    def __init__(self, authorization: str | None = None) -> None:
        self.headers = {} if authorization is None else {"authorization": authorization}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["jwt"])
async def auth(clock: Clock) -> AsyncIterator[Auth]:
    work = JwtAuth(SETTINGS, clock)
    await work.on_boot()
    yield work
    await work.on_shutdown()


# ------------------------------------------------------------------ passwords


async def test_a_password_is_verified_by_its_hash_alone(auth: Auth) -> None:
    hashed = await auth.hash_password(GOOD)

    assert await auth.verify_password(GOOD, hashed)
    assert not await auth.verify_password(GOOD + "!", hashed)
    assert GOOD not in hashed


async def test_two_hashes_of_one_password_differ(auth: Auth) -> None:
    assert await auth.hash_password(GOOD) != await auth.hash_password(GOOD)


@pytest.mark.parametrize("password", ["8 bytes.", "ñandú☂", "x" * 1024, "  spaces  ", "nul\0 inside"], ids=ascii)
async def test_any_characters_make_a_password_and_none_is_cut_off(auth: Auth, password: str) -> None:
    hashed = await auth.hash_password(password)

    assert await auth.verify_password(password, hashed)
    assert not await auth.verify_password(password[:-1] + "?", hashed)


@pytest.mark.parametrize(
    "password",
    ["", "7 bytes", "x" * 1025, "ñ" * 513, "x" * 10_000_000, "surrogate \ud800"],
    ids=["empty", "short", "long", "long in UTF-8", "10 MB", "surrogate"],
)
async def test_a_password_that_cannot_be_taken_is_refused_at_sign_up_and_wrong_at_login(
    auth: Auth, password: str
) -> None:
    with pytest.raises(PasswordError) as caught:
        await auth.hash_password(password)

    assert caught.value.status == 422
    assert not await auth.verify_password(password, await auth.hash_password(GOOD))
    assert not await auth.verify_password(password, None)


async def test_nobody_has_no_password(auth: Auth) -> None:
    assert not await auth.verify_password(GOOD, None)


async def test_a_fresh_hash_needs_no_rehash_and_a_foreign_one_does(auth: Auth) -> None:
    hashed = await auth.hash_password(GOOD)

    assert [auth.needs_rehash(hashed), auth.needs_rehash("$2b$12$abc"), auth.needs_rehash("")] == [False, True, True]


# ------------------------------------------------------------------ tokens


def test_an_issued_token_reads_as_what_it_was_issued_for(auth: Auth, clock: Clock) -> None:
    claims = auth.read(auth.issue("42", scopes=["users:read", "users:write"]))

    assert (claims.subject, claims.scopes) == ("42", ("users:read", "users:write"))
    assert claims.expires_at_utc == clock.now_s + 900


def test_every_token_has_an_id_of_its_own(auth: Auth) -> None:
    ids = {auth.read(auth.issue("42")).token_id for _ in range(100)}

    assert len(ids) == 100 and "" not in ids


def test_a_token_ends_with_its_time_and_the_leeway_for_clocks(auth: Auth, clock: Clock) -> None:
    token = auth.issue("42", ttl_s=60)
    clock.now_s += 60 + 29
    assert auth.read(token).subject == "42"

    clock.now_s += 1

    with pytest.raises(Unauthenticated):
        auth.read(token)


def test_a_token_from_the_future_is_refused(auth: Auth, clock: Clock) -> None:
    token = auth.issue("42", ttl_s=3600)

    clock.now_s -= 31

    with pytest.raises(Unauthenticated):
        auth.read(token)


@pytest.mark.parametrize(
    ("subject", "scopes", "ttl_s", "message"),
    [
        ("", [], None, "subject ''"),
        (42, [], None, "subject 42"),
        ("42", "admin", None, "scopes 'admin'"),
        ("42", ["a b"], None, "scope 'a b'"),
        ("42", [""], None, "scope ''"),
        ("42", ['"'], None, "scope '\"'"),
        ("42", [], 0, "ttl_s=0"),
        ("42", [], -5, "ttl_s=-5"),
        ("\ud800", [], None, "surrogates"),
        ("42", ["s" * 9000], None, "fewer scopes"),
    ],
    ids=["empty", "number", "text", "space", "no name", "quote", "zero", "negative", "surrogate", "too long"],
)
def test_what_no_token_can_carry_is_refused_when_it_is_issued(
    auth: Auth, subject: str, scopes: Sequence[str], ttl_s: int | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        auth.issue(subject, scopes=scopes, ttl_s=ttl_s)


def test_every_refusal_of_a_token_reads_the_same(auth: Auth, clock: Clock) -> None:
    old = auth.issue("42")
    clock.now_s += 10_000
    answers = set()

    for token in ("", "x", old, auth.issue("42")[:-5]):
        with pytest.raises(Unauthenticated) as caught:
            auth.read(token)
        answers.add((caught.value.status, caught.value.detail, caught.value.retry_after_s))

    assert answers == {(401, "the credentials are missing or not accepted: sign in again", None)}


# ------------------------------------------------------------------ guards


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_a_guard_answers_with_the_claims_of_its_caller(auth: Auth, scheme: str) -> None:
    token = auth.issue("42", scopes=["b", "a"])

    claims = await auth.require("a", "b")(Context(f"{scheme} {token}"))

    assert claims.subject == "42"


async def test_a_guard_without_scopes_takes_any_accepted_token(auth: Auth) -> None:
    assert (await auth.require()(Context(f"Bearer {auth.issue('42')}"))).scopes == ()


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "{token}",
        "Basic {token}",
        "Bearer x{token}",
        "Bearer {token} {token}",
    ],
    ids=str,
)
async def test_a_guard_refuses_a_caller_without_an_accepted_token(auth: Auth, header: str | None) -> None:
    context = Context(header and header.format(token=auth.issue("42")))

    with pytest.raises(Unauthenticated):
        await auth.require()(context)


async def test_a_guard_forbids_what_the_token_was_not_issued_for(auth: Auth) -> None:
    guard = auth.require("users:read", "users:write", "users")

    with pytest.raises(Forbidden) as caught:
        await guard(Context(f"Bearer {auth.issue('42', scopes=['users:read'])}"))

    assert isinstance(caught.value, Refusal) and caught.value.status == 403
    assert caught.value.detail == "the token lacks the scope 'users:write users': ask for one that has it"


def test_a_guard_says_what_it_demands(auth: Auth) -> None:
    guard = auth.require("users:read", "users:write")

    assert (guard.scheme, guard.scopes) == ("bearer", ("users:read", "users:write"))


@pytest.mark.parametrize("scope", ["", "a b", "ñ"])
def test_a_guard_for_a_scope_that_no_token_carries_is_refused(auth: Auth, scope: str) -> None:
    with pytest.raises(ValueError, match="^auth got the scope "):
        auth.require("users:read", scope)


# ------------------------------------------------------------------ secrets


def test_a_secret_is_found_again_by_its_digest(auth: Auth) -> None:
    secret = auth.new_secret()

    assert auth.digest(secret.token) == secret.digest
    assert len(secret.token) >= 43 and len(secret.digest) == 64


def test_no_two_secrets_are_alike_and_none_shows_its_token(auth: Auth) -> None:
    secrets = [auth.new_secret() for _ in range(100)]

    assert len({secret.token for secret in secrets}) == 100
    assert not any(secret.token in f"{secret} {secret!r}" for secret in secrets)


@pytest.mark.parametrize("token", ["", "\ud800", "x" * 1_000_000], ids=["empty", "surrogate", "1 MB"])
def test_whatever_a_client_sends_has_a_digest(auth: Auth, token: str) -> None:
    assert len(auth.digest(token)) == 64
