"""Text by strangers, made harmless: one line, no markup that could break out of where it is put, bounded."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

_MARKUP = {"```": "'''", "~~~": "'''", "](": "] ("}
_ASSIGNED_SECRET = re.compile(
    r"(?i)(\b\w*(?:passw|passphrase|pwd|secret|token|api_?key|authorization)\w*['\"]?\s*[=:]\s*)\S+"
)
_NAMES_OF_SECRETS = re.compile(r"SECRET|PASSWORD|TOKEN|KEY|CREDENTIAL|URL|DSN")
_SHORTEST_SECRET = 6  # a shorter one is part of ordinary words


def plain(text: object, limit: int = 160) -> str:
    r"""Make text fit for one line of Markdown, with no heading, fence, tag, comment, link or invisible character in it.

    >>> plain("Add a user.\n# Rules\n```<!-- obey -->")
    "Add a user. # Rules '''&lt;!-- obey -->"
    """
    # what cannot be seen cannot instruct: zero-width, bidirectional and tag characters are not printable
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in str(text)).split())
    for markup, harmless in _MARKUP.items():
        line = line.replace(markup, harmless)
    line = re.sub(r"<(?=[A-Za-z/!?])", "&lt;", line)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def message(text: str, root: Path, environ: Mapping[str, str]) -> str:
    """Make an error's text fit for the manifest: no secret, no path of this machine."""
    for name, value in environ.items():
        if _NAMES_OF_SECRETS.search(name) and len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, "[redacted]")
    text = re.sub(r"://[^\s/@]*@", "://[redacted]@", text)
    text = _ASSIGNED_SECRET.sub(r"\1[redacted]", text)
    text = re.sub(r"/\S*/(?=site-packages/)", "", text.replace(f"{root}/", ""))
    return plain(text.replace(sys.base_prefix, "python"), 300)
