"""Where the secret comes from, and when there is none to sign with."""

import multiprocessing
import os
import stat
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hookspecs import Tool
from tools.auth import register_tools
from tools.auth.jwt_auth import JwtAuth
from tools.auth.settings import AuthSettings
from tools.auth.signing_key import SigningKeyError, load_signing_key

STRONG = "K7-for-tests-only_qWe9zXc4vBn1mLp"
REMEDY = 'make one with `python -c "import secrets; print(secrets.token_urlsafe(48))"`'


def offered() -> Tool:
    (tool,) = register_tools()
    return tool


def key_of(secret: str = "", env: str = "development", file: Path | str = "nowhere/auth_secret") -> bytes:
    return load_signing_key(AuthSettings(env=env, auth_secret=secret, auth_secret_file=str(file))).raw_value


def key_in_process(file: Path) -> bytes:
    return key_of(file=file)


@pytest.mark.parametrize("env", ["development", "production", "staging"])
def test_a_strong_secret_is_the_key_everywhere(env: str) -> None:
    assert key_of(STRONG, env) == STRONG.encode()


@pytest.mark.parametrize("env", ["production", "staging", "prod"])
def test_a_missing_secret_stops_the_boot_unless_in_development(tmp_path: Path, env: str) -> None:
    file = tmp_path / "auth_secret"

    with pytest.raises(SigningKeyError) as caught:
        key_of(env=env, file=file)

    assert str(caught.value) == f"AUTH_SECRET is not set with ENV={env!r}: {REMEDY}"
    assert not file.exists()


@pytest.mark.parametrize("env", ["development", "production"])
@pytest.mark.parametrize("secret", ["x", STRONG[:31]])
def test_a_short_secret_stops_the_boot_everywhere(env: str, secret: str) -> None:
    with pytest.raises(SigningKeyError) as caught:
        key_of(secret, env)

    assert str(caught.value) == f"AUTH_SECRET has {len(secret)} bytes, fewer than 32: {REMEDY}"


@pytest.mark.parametrize(
    "secret",
    [
        "super-secret-key-change-me-in-production",
        "change-me-change_me-changeME-please-42",
        "a-string-secret-at-least-256-bits-long",
        "your_secret_goes_here_0123456789abcdef",
        "x" * 64,
        "0123456789abcdef" * 4,
        "abcabcabbcaacbbabcbacbabcbabbacbabcbab",
        "django-insecure-#k2)f8v!q0$w9e7r&t6y5u",
    ],
)
def test_a_secret_that_can_be_guessed_stops_the_boot_in_production(secret: str) -> None:
    with pytest.raises(SigningKeyError) as caught:
        key_of(secret, "production")

    assert str(caught.value) == f"AUTH_SECRET is an example, or can be guessed: {REMEDY}"
    assert key_of(secret, "development") == secret.encode()


def test_random_secrets_are_never_taken_for_guessable() -> None:
    for _ in range(500):
        key_of(os.urandom(32).hex(), "production")


def test_a_public_key_is_no_secret() -> None:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    with pytest.raises(SigningKeyError, match="^AUTH_SECRET is a public key"):
        key_of(pem, "production")


def test_in_development_a_secret_is_made_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "data" / "auth_secret"

    first, second = key_of(file=file), key_of(file=file)

    assert first == second == file.read_bytes().strip()
    assert len(first) == 64
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert os.listdir(file.parent) == ["auth_secret"]


def test_processes_that_race_for_the_file_end_with_the_same_secret(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as processes:
        for number in range(10):
            keys = processes.map(key_in_process, [tmp_path / str(number)] * 8, chunksize=1)

            assert len(set(keys)) == 1


def test_a_process_that_comes_second_takes_what_the_first_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "auth_secret"
    first = key_of(file=file)
    monkeypatch.setattr(Path, "exists", lambda path: False)  # as both saw it before

    second = key_of(file=file)

    assert second == first
    assert os.listdir(tmp_path) == ["auth_secret"]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620], ids=oct)
def test_a_file_that_others_can_open_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "auth_secret"
    key_of(file=file)
    file.chmod(mode)

    with pytest.raises(SigningKeyError) as caught:
        key_of(file=file)

    assert str(caught.value) == f"{file} can be read by others, mode {mode:04o}: `chmod 600 {file}`"


def test_a_file_with_too_little_in_it_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "auth_secret"
    file.touch(0o600)

    with pytest.raises(SigningKeyError, match="has 0 bytes, fewer than 32: delete it to get a new one$"):
        key_of(file=file)


def test_a_place_where_no_file_can_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SigningKeyError, match="auth_secret cannot be made or read, .*: set AUTH_SECRET or AUTH_SECRET"):
        key_of(file=tmp_path / "file" / "auth_secret")


async def test_the_secret_shows_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    settings = AuthSettings(auth_secret=STRONG)
    auth = JwtAuth(settings)
    await auth.on_boot()
    with pytest.raises(Exception, match="credentials") as caught:
        auth.read("x.y.z")

    shown = [
        repr(settings),
        str(settings),
        repr(auth),
        repr(vars(auth)),
        repr(vars(auth._tokens())),
        repr(caught.value),
    ]

    assert not any(STRONG in text for text in [*shown, caplog.text])
    await auth.on_shutdown()


async def test_before_boot_tokens_and_passwords_are_refused_with_what_to_do() -> None:
    auth = JwtAuth(AuthSettings(auth_secret=STRONG))

    with pytest.raises(RuntimeError, match="^auth is not booted: "):
        auth.issue("42")
    with pytest.raises(RuntimeError, match="^auth is not booted, or shut down: "):
        await auth.verify_password("correct horse", None)
    assert auth.require("a").scopes == ("a",)


def test_making_the_tool_opens_nothing(tmp_path: Path) -> None:
    offered().factory({"AUTH_SECRET_FILE": str(tmp_path / "auth_secret")})

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "environ",
    [
        {"AUTH_ACCESS_TTL_S": "0"},
        {"AUTH_ACCESS_TTL_S": "soon"},
        {"AUTH_ACCESS_TTL_S": "1000000000000"},
        {"AUTH_ARGON2_MEMORY_KIB": "19455"},
        {"AUTH_ARGON2_MEMORY_KIB": "1048577"},
        {"AUTH_ARGON2_TIME_COST": "1"},
        {"AUTH_ARGON2_TIME_COST": "11"},
        {"AUTH_ARGON2_PARALLELISM": "0"},
        {"AUTH_HASH_QUEUE": "0"},
        {"AUTH_ISSUER": ""},
    ],
    ids=str,
)
def test_a_wrong_setting_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError, match=next(iter(environ))):
        offered().factory(environ)
