"""`# rule-ok: <code> <reason>`: beside the line, or above it, what a rule is wrong about, or may not hold."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from contextlib import suppress

from tools.rules.reading import Waiver
from tools.rules.source.source import Source

_WAIVER = re.compile(r"(?:#|--)\s*rule-ok\b:?\s*(?P<code>[\w-]*)\s*(?P<reason>.*)")


def waivers(source: Source) -> list[Waiver]:
    """List a file's waivers; one covers all lines of a statement, of one with a body those before it."""
    if "rule-ok" not in source.text:
        return []
    return [_waiver(source, *found) for found in _comments(source.text)]


def sql_waivers(text: str) -> list[Waiver]:
    """List a migration's waivers: `-- rule-ok: <code> <reason>`; one above a statement covers all of it."""
    found, lines = list[Waiver](), text.split("\n")
    for line, content in enumerate(lines, 1):
        before, mark, comment = content.partition("--")
        if mark and (hit := _WAIVER.match(mark + comment)):
            ends = (at for at in range(line + 1, len(lines) + 1) if ";" in lines[at - 1].partition("--")[0])
            last = line if before.strip() else next(ends, len(lines))
            found.append(Waiver(line, hit["code"], hit["reason"].strip(), line, last))
    return found


def _comments(text: str) -> Iterator[tuple[re.Match[str], int, bool]]:
    with suppress(tokenize.TokenError):  # where it is no text of UTF-8: no waiver waives nothing
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT and (hit := _WAIVER.search(token.string)):
                yield hit, token.start[0], not token.line[: token.start[1]].strip()


def _waiver(source: Source, hit: re.Match[str], line: int, is_alone: bool) -> Waiver:
    at, lines = line, source.text.split("\n")
    while is_alone and at < len(lines) and (not lines[at - 1].strip() or lines[at - 1].strip().startswith("#")):
        at += 1
    first, last = at, at
    for node in ast.walk(source.tree):
        if isinstance(node, ast.stmt) and node.lineno <= at <= (end := _end_of_head(node)):
            first, last = node.lineno, end
    return Waiver(line, hit["code"], hit["reason"].strip(), first, last)


def _end_of_head(node: ast.stmt) -> int:
    """Answer with the last line of a statement, or of what stands before its body."""
    if isinstance(node, ast.Match):
        return max(node.lineno, node.cases[0].pattern.lineno - 1)
    body = getattr(node, "body", None)
    return max(node.lineno, body[0].lineno - 1) if body else node.end_lineno or node.lineno
