"""`# rule-ok: <code> <reason>`: beside the line, or above it, what a rule is wrong about, or may not hold."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from contextlib import suppress

from tools.rules.reading import Waiver
from tools.rules.source.source import Source

_WAIVER = re.compile(r"#\s*rule-ok\b:?\s*(?P<code>[\w-]*)\s*(?P<reason>.*)")


def waivers(source: Source) -> list[Waiver]:
    """List a file's waivers; one covers the whole of a statement that has lines but no body."""
    if "rule-ok" not in source.text:
        return []
    return [_waiver(source, *found) for found in _comments(source.text)]


def _comments(text: str) -> Iterator[tuple[re.Match[str], int, bool]]:
    with suppress(tokenize.TokenError):  # where it is no text of UTF-8: no waiver waives nothing
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT and (hit := _WAIVER.match(token.string)):
                yield hit, token.start[0], not token.line[: token.start[1]].strip()


def _waiver(source: Source, hit: re.Match[str], line: int, is_alone: bool) -> Waiver:
    at, lines = line, source.text.split("\n")
    while is_alone and at < len(lines) and (not lines[at - 1].strip() or lines[at - 1].strip().startswith("#")):
        at += 1
    first, last = at, at
    for node in ast.walk(source.tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body") and node.lineno <= at <= (node.end_lineno or 0):
            first, last = node.lineno, node.end_lineno or node.lineno
    return Waiver(line, hit["code"], hit["reason"].strip(), first, last)
