"""Makes requests that no good client sends, from an app's own OpenAPI document: each is a good one, mutated."""

import random
import string
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from msgspec import json

Dice = random.Random
Pairs = list[tuple[bytes, bytes]]
ODD_TEXTS = [
    *(
        "",
        "\0",
        "a\nb",
        "\udcff",
        "\ufffd",
        "\U0001f600",
        "\u0661",
        " 1",
        "1e3",
        "-1",
        "0x1",
        "1_0",
        "null",
        "{id}",
        "..",
    ),
    *("%2f", "%00", "x" * 300, "true", str(2**63), str(-(2**63) - 1), "9" * 40, "NaN", "../../etc/passwd", "\x1b[31m"),
    *("' OR 1=1 --", "${jndi:ldap://x}", "<script>", "2026-13-01"),
]
ODD_VALUES: list[Any] = [None, True, 0, -1, 2**63, 2**64, 1.5, 1e308, "", "\0", "x" * 2_000, [], {}, [[]], [None] * 50]
ODD_BYTES = [
    *(b"\xff\xfe", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b"\x00", b"NaN", b"Infinity", b"1e400", b"-0", b"[", b"}"),
    *(b"\xef\xbb\xbf", b",", b'"', b"//", b"9" * 5_000, b"01", b"\xc0\xaf"),
]
BOMBS: list[Callable[[Dice], bytes]] = [
    lambda dice: b"[" * dice.randrange(1_000, 50_000),
    lambda dice: b'{"inner":' * dice.randrange(1, 2_000),
    lambda dice: b"[" * 1_100 + b"]" * 1_100,
    lambda dice: json.encode({str(index): index for index in range(dice.randrange(1_000))}),
    lambda dice: b"[" + b",".join([b"{}"] * dice.randrange(5_000)) + b"]",
    lambda dice: b"9" * dice.randrange(1, 6_000),
    lambda dice: dice.randbytes(dice.randrange(200)),
    lambda dice: '{"name": "a"}'.encode(dice.choice(["utf-16", "utf-32", "utf-7"])),
    lambda dice: b"",
]
TYPES = [
    *[b"application/json"] * 12,
    *(b"", b"text/plain", b"application/json; charset=utf-16", b"application/json;charset=", b"\xff\xfe"),
    *(b"multipart/form-data", b"multipart/form-data; boundary=x", b"application/json; charset=idna"),
    *(b"application/problem+json", b"application/x-www-form-urlencoded", b"application/octet-stream"),
]
NAMES = [
    *(b"x-day", b"cookie", b"x-request-id", b"accept", b"accept-encoding", b"content-encoding", b"x_forwarded_for"),
    *(b"authorization", b"range", b"if-none-match", b"if-match", b"origin", b"idempotency-key", b"last-event-id"),
    *(b"upgrade", b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"expect", b"", b"\xff"),
]
VALUES = [
    *(b"\xe9\xff", b"1", b"", b"a=b; theme=\xff", b"theme", b"=;=;,", b"a" * 5_000, b"\t", b"gzip", b"2" * 40, b'"'),
    *(b"bytes=0-,0-,0-", b"*", b"W/", b"http://evil.example", b"Bearer", b"Bearer a.b.c", b"identity;q=0", b"null"),
]
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT", "get", "", "\xe9"]
HOSTS = [b"localhost"] * 30 + [b"", b"evil.example", b"localhost:x", b"localhost@evil", b"\xff", b"[::1"]
LENGTHS = [b"0", b"1", b"-1", b"abc", b"9" * 30, b"+1", b" 1", b"1, 1", "\u0661".encode()]


class Request(NamedTuple):
    """One request as a server hands it over."""

    scope: dict[str, Any]
    chunks: list[bytes]


class Fuzzer:
    """Knows an app's operations; `token` opens the guarded ones, what is `dear` to check is right one time in 50."""

    def __init__(self, document: dict[str, Any], token: str, dear: Sequence[str] = ()) -> None:
        self._document, self._token, self._dear = document, token.encode(), dear
        paths = document["paths"].items()
        self._operations = [(path, method.upper(), one) for path, methods in paths for method, one in methods.items()]

    def request(self, dice: Dice) -> Request:
        """Make one request."""
        path, method, operation = dice.choice(self._operations)
        headers: Pairs = [(b"host", dice.choice(HOSTS))]
        if dice.random() < 0.6:
            headers.append((b"authorization", b"Bearer " + self._token))
        path, query = self._filled(path, operation.get("parameters", ()), headers, dice)
        if dice.random() < 0.1:
            method = dice.choice(METHODS)
        body = self._body(operation, headers, dice)
        chunks = _cut(body, headers, dice)
        if dice.random() < 0.3:
            headers += [(dice.choice(NAMES), dice.choice(VALUES)) for _ in range(dice.randrange(4))]
        if dice.random() < 0.01:
            headers += [(b"x-%d" % index, b"x" * 400) for index in range(dice.randrange(150))]
        scope = {"type": "http", "method": method, "path": path, "query_string": query, "headers": headers}
        scope |= {"http_version": dice.choice(["1.1", "1.0", "2"]), "scheme": "http", "client": None, "root_path": ""}
        return Request(scope, chunks)

    def _filled(self, path: str, parameters: list[dict[str, Any]], headers: Pairs, dice: Dice) -> tuple[str, bytes]:
        query: list[bytes] = []
        for one in parameters:
            text = self._text(one["schema"], dice)
            if one["in"] == "path":
                path = path.replace(f"{{{one['name']}}}", text)
            elif one["required"] or dice.random() < 0.5:
                pair = one["name"].encode(), text.encode("utf-8", "surrogateescape")
                if one["in"] == "query":
                    query.append(b"=".join(pair))
                else:
                    headers.append(pair if one["in"] == "header" else (b"cookie", b"=".join(pair)))
        if dice.random() < 0.05:
            path = dice.choice(
                ["//evil/x", path + "/", path.upper(), path + ";x", "http://evil/", "*", "", "/" + "a" * 9_000]
            )
        if dice.random() < 0.1:
            query.append(dice.choice([b"%ff", b"=", b"&&&", b"a[]=1", b"%zz=%", b"\xff\xfe", b"x=" + b"9" * 9_000]))
        return path, b"&".join(query)

    def _text(self, schema: dict[str, Any], dice: Dice) -> str:
        if dice.random() < 0.3:
            return dice.choice(ODD_TEXTS)
        value = self._sample(schema, dice, 0)
        if isinstance(value, list) and value:
            value = value[0]
        return value if isinstance(value, str) else json.encode(value).decode()

    def _body(self, operation: dict[str, Any], headers: Pairs, dice: Dice) -> bytes:
        media = operation.get("requestBody", {}).get("content", {})
        if not media and dice.random() < 0.9:
            return b""
        if dice.random() < 0.1 or "application/json" not in media:
            headers.append((b"content-type", dice.choice([*TYPES, *(one.encode() for one in media)])))
            return dice.choice(BOMBS)(dice)
        headers.append((b"content-type", b"application/json" if dice.random() < 0.95 else dice.choice(TYPES)))
        value = self._sample(media["application/json"]["schema"], dice, 0)
        if dice.random() < 0.5:
            value = _mutated(value, dice)
        body = json.encode(value)
        if dice.random() < 0.3:
            at = dice.randrange(len(body) + 1)
            body = body[:at] + dice.choice(ODD_BYTES) + body[at + dice.randrange(3) :]
        return body

    def _sample(self, schema: dict[str, Any], dice: Dice, depth: int) -> Any:
        """Make a value that the schema allows, mostly."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return self._sample(self._document["components"]["schemas"][name], dice, depth + 1)
        for key in ("examples", "enum"):
            if key in schema:
                return dice.choice(schema[key])
        if "anyOf" in schema:
            return self._sample(schema["anyOf"][-1] if depth > 4 else dice.choice(schema["anyOf"]), dice, depth + 1)
        if schema.get("type") == "object":
            required, several = schema.get("required", ()), schema.get("properties", {})
            names = [name for name in several if name in required or (depth < 4 and dice.random() < 0.5)]
            empty = {name for name in names if name in self._dear and dice.random() < 0.98}
            return {name: "" if name in empty else self._sample(several[name], dice, depth + 1) for name in names}
        if schema.get("type") == "array":
            places = schema.get("prefixItems") or [schema.get("items", {})] * dice.randrange(0 if depth > 4 else 4)
            return [self._sample(one, dice, depth + 1) for one in places if isinstance(one, dict)]
        return _scalar(schema, dice)


def _scalar(schema: dict[str, Any], dice: Dice) -> Any:
    formats = {
        "uuid": "e3e70682-c209-1cac-a29f-6fbed82c07cd",
        "date": "2026-02-03",
        "date-time": "2026-02-03T04:05:06Z",
        "time": "04:05:06Z",
        "decimal": "1.50",
    }
    kind = schema.get("type", "string")
    if kind == "string":
        if "pattern" in schema and "format" not in schema:
            return dice.choice(["PT1S", "abc"])
        length = max(schema.get("minLength", 0), dice.randrange(12))
        return formats.get(schema.get("format", "")) or "".join(dice.choices(string.ascii_letters, k=length))
    if kind == "integer":
        low, high = schema.get("minimum", 0), schema.get("maximum", 100)
        return dice.choice([low, high, max(low, min(high, 7))])
    return {"number": 1.5, "boolean": True}.get(kind)


def _mutated(value: Any, dice: Dice) -> Any:
    """Change one place, anywhere inside."""
    if isinstance(value, dict) and value and dice.random() < 0.8:
        name = dice.choice(list(value))
        match dice.randrange(5):
            case 0:
                return {one: value[one] for one in value if one != name}
            case 1:
                return {**value, dice.choice(["", "extra", "__class__", "\0", name + " "]): 1}
            case _:
                return {**value, name: _mutated(value[name], dice)}
    if isinstance(value, list) and value and dice.random() < 0.8:
        return [*value, *value, _mutated(value[0], dice)]
    return dice.choice(ODD_VALUES)


def _cut(body: bytes, headers: Pairs, dice: Dice) -> list[bytes]:
    """Declare the body's length, or not, or wrongly; and cut it into messages."""
    chance = dice.random()
    if chance < 0.1:
        headers.append((b"transfer-encoding", b"chunked"))
    elif chance < 0.8:
        headers.append((b"content-length", b"%d" % len(body)))
    elif chance < 0.9:
        headers.append((b"content-length", dice.choice(LENGTHS)))
    if chance > 0.99:
        headers.append((b"transfer-encoding", dice.choice([b"chunked", b"xchunked", b"gzip"])))
    if dice.random() < 0.6:
        return [body]
    places = sorted(dice.randrange(len(body) + 1) for _ in range(dice.randrange(1, 4)))
    return [body[start:end] for start, end in zip([0, *places], [*places, None], strict=True)]
