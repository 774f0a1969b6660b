"""Whatever is sent for a token, the answer is the same refusal, and never another exception."""

import base64
import hashlib
import hmac
import json
import random
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import OctKey

from tools.auth.contract import Unauthenticated
from tools.auth.jwt_tokens import JwtTokens
from tools.auth.settings import AuthSettings

SECRET = b"K7-for-tests-only_qWe9zXc4vBn1mLp"
NOW = 1_800_000_000
HEADER = {"alg": "HS256", "typ": "at+jwt"}
CLAIMS = {
    "iss": "microcoreos",
    "aud": "microcoreos",
    "sub": "42",
    "scope": "",
    "iat": NOW,
    "exp": NOW + 900,
    "jti": "t1",
}
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
Sign = Callable[[bytes], bytes]


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def hs256(key: bytes) -> Sign:
    return lambda signed: hmac.new(key, signed, hashlib.sha256).digest()


OURS = hs256(SECRET)


def rs256(signed: bytes) -> bytes:
    return RSA.sign(signed, padding.PKCS1v15(), hashes.SHA256())


def raw(header: bytes, payload: bytes, sign: Sign = OURS) -> str:
    signed = f"{base64url(header)}.{base64url(payload)}"
    return f"{signed}.{base64url(sign(signed.encode()))}"


def made(header: object = HEADER, sign: Sign = OURS, **claims: object) -> str:
    """A token of ours with other claims (None leaves one out), another header or another signature."""
    payload = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    return raw(json.dumps(header).encode(), json.dumps(payload).encode(), sign)


def none(alg: str) -> str:
    return made({**HEADER, "alg": alg}, lambda signed: b"")


GOOD = made()
PAYLOAD = json.dumps(CLAIMS).encode()
OWN_JWK = {"kty": "oct", "k": base64url(b"attacker" * 4)}
HOSTILE = {
    "none": none("none"),
    "NoNe": none("NoNe"),
    "none with our signature": made({**HEADER, "alg": "none"}),
    "no alg": made({"typ": "at+jwt"}),
    "alg is null": made({**HEADER, "alg": None}),
    "alg is a list": made({**HEADER, "alg": ["HS256"]}),
    "HS512": made({**HEADER, "alg": "HS512"}, lambda signed: hmac.new(SECRET, signed, hashlib.sha512).digest()),
    "RS256": made({**HEADER, "alg": "RS256"}, rs256),
    "RS256 called HS256": made(HEADER, rs256),
    "PEM as HMAC key": made(HEADER, hs256(PEM)),
    "empty key": made(HEADER, hs256(b"")),
    "another key": made(HEADER, hs256(b"attacker" * 4)),
    "jwk": made({**HEADER, "jwk": OWN_JWK}, hs256(b"attacker" * 4)),
    "jwk, our signature": made({**HEADER, "jwk": OWN_JWK}),
    "jku": made({**HEADER, "jku": "https://attacker.test/keys"}),
    "x5u": made({**HEADER, "x5u": "https://attacker.test/cert"}),
    "kid is a path": made({**HEADER, "kid": "../../dev/null"}),
    "kid is SQL": made({**HEADER, "kid": "' OR 1=1 --"}),
    "crit unknown": made({**HEADER, "crit": ["x"], "x": 1}),
    "crit is text": made({**HEADER, "crit": "exp"}),
    "b64 false": made({**HEADER, "b64": False, "crit": ["b64"]}),
    "zip": made({**HEADER, "zip": "DEF"}),
    "typ JWT": made({**HEADER, "typ": "JWT"}),
    "no typ": made({"alg": "HS256"}),
    "refresh token": made({**HEADER, "typ": "rt+jwt"}),
    "iss wrong": made(iss="evil"),
    "iss missing": made(iss=None),
    "iss is a list": made(iss=["microcoreos", "evil"]),
    "aud wrong": made(aud="evil"),
    "aud missing": made(aud=None),
    "aud is a number": made(aud=1),
    "aud list without us": made(aud=["evil", "worse"]),
    "sub missing": made(sub=None),
    "sub is a number": made(sub=42),
    "sub is empty": made(sub=""),
    "jti is empty": made(jti=""),
    "jti missing": made(jti=None),
    "scope is a list": made(scope=["admin"]),
    "scope missing": made(scope=None),
    "exp missing": made(exp=None),
    "exp is text": made(exp=str(NOW + 900)),
    "exp is infinite": made(exp=float("inf")),
    "exp is no number": made(exp=float("nan")),
    "exp is true": made(exp=True),
    "exp is huge": made(exp=1e308),
    "exp has 5000 digits": raw(json.dumps(HEADER).encode(), PAYLOAD.replace(b"1800000900", b"9" * 5000)),
    "exp is over": made(exp=NOW - 30),
    "iat missing": made(iat=None),
    "iat in the future": made(iat=NOW + 31),
    "nbf in the future": made(nbf=NOW + 31),
    "nbf is text": made(nbf="now"),
    "header of 2 MB": made({**HEADER, "pad": "x" * 2_000_000}),
    "payload of 2 MB": made(pad="x" * 2_000_000),
    "payload of 9 KB": made(pad="x" * 9000),
    "header of 1 KB": made({**HEADER, "pad": "x" * 1000}),
    "header is a list": raw(b"[]", PAYLOAD),
    "header is text": raw(b'"alg"', PAYLOAD),
    "header is a number": raw(b"1", PAYLOAD),
    "header is null": raw(b"null", PAYLOAD),
    "header is no JSON": raw(b"{alg:HS256}", PAYLOAD),
    "header is no UTF-8": raw(b'{"alg":"\xff"}', PAYLOAD),
    "header is deep": raw(b"[" * 3000, PAYLOAD),
    "header is empty": raw(b"", PAYLOAD),
    "payload is a list": raw(json.dumps(HEADER).encode(), b"[]"),
    "payload is no JSON": raw(json.dumps(HEADER).encode(), b"sub=42"),
    "payload is no UTF-8": raw(json.dumps(HEADER).encode(), b'{"sub":"\xff"}'),
    "payload is deep": raw(json.dumps(HEADER).encode(), b'{"a":' * 1000),
    "payload is empty": raw(json.dumps(HEADER).encode(), b""),
    "signature cut": GOOD[:-6],
    "signature missing": GOOD.rpartition(".")[0] + ".",
    "two segments": GOOD.rpartition(".")[0],
    "four segments": GOOD + ".x",
    "JWE": GOOD + "..",
    "JSON serialization": json.dumps({"payload": base64url(PAYLOAD), "signatures": []}),
    "empty": "",
    "dots": "..",
    "a space": f" {GOOD}",
    "unicode": "ñ.ñ.ñ",
    "surrogate": "\ud800.a.b",
    "NUL": "\0",
    "random": base64url(bytes(range(256))),
}


@pytest.fixture
def tokens() -> JwtTokens:
    return JwtTokens(OctKey.import_key(SECRET), AuthSettings(), lambda: NOW)


def mutated(token: str, dice: random.Random) -> str:
    """Another text at one place: a character replaced, put in or left out, a piece doubled, or the end cut off."""
    at, character = dice.randrange(len(token) + 1), dice.choice("aA0_-.=+/ \0ñ\ud800")
    before, after = token[:at], token[at:]
    return dice.choice(
        [before + character + after[1:], before + character + after, before + after[1:], before + token + after, before]
    )


def refusals(tokens: JwtTokens, texts: list[str]) -> list[str]:
    """Read each; what was accepted is returned, what raised anything else than the refusal raises."""
    accepted = []
    for text in texts:
        try:
            tokens.read(text)
            accepted.append(text)
        except Unauthenticated:
            pass
    return accepted


def test_the_good_token_of_these_tests_is_accepted(tokens: JwtTokens) -> None:
    assert tokens.read(GOOD).subject == "42"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_token_and_fifty_mutations_of_it_are_refused(tokens: JwtTokens, name: str) -> None:
    dice = random.Random(name)
    texts = [HOSTILE[name]] + [mutated(HOSTILE[name], dice) for _ in range(50)]
    texts = [text for text in texts if not text.startswith(GOOD[:-1]) or len(text) != len(GOOD)]

    assert refusals(tokens, texts) == []


def test_a_good_token_with_any_signed_character_changed_is_refused(tokens: JwtTokens) -> None:
    signed = GOOD.rindex(".")

    texts = [GOOD[:at] + ("A" if GOOD[at] != "A" else "B") + GOOD[at + 1 :] for at in range(signed)]

    assert refusals(tokens, texts) == []


@pytest.mark.parametrize("token", [None, 5, b"bytes", ["a"], {}], ids=str)
def test_what_is_no_text_is_refused(tokens: JwtTokens, token: object) -> None:
    assert refusals(tokens, [token]) == []  # type: ignore[list-item]  # what a plugin without types may do
