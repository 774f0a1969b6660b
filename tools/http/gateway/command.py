"""`python -m manifest kong`."""

import argparse
import json
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from hookspecs import Command
from tools.http.gateway.kong import UNSAFE, Exposed, Gateway, configuration


def kong_command(exposed: Callable[[], Iterable[Exposed]], gateway: Gateway) -> Command:
    """Print the configuration of Kong for what is exposed when the command runs."""

    def run(options: Namespace) -> int:
        document = configuration([*exposed()], gateway, options.upstream, options.service)
        (service,) = document["services"]
        for entity in (service, *service["routes"]) if options.routes_only else ():
            entity.pop("plugins", None)
        as_json = json.dumps(document, indent=2, ensure_ascii=False)
        print(as_json if options.format == "json" else "\n".join(_yaml(document)))
        return 0

    return Command("kong", "print a declarative configuration of the gateway Kong for the routes", _arguments, run)


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--upstream", type=_url, default="http://127.0.0.1:5000", help="where this app is served")
    parser.add_argument("--service", type=_name, default="microcoreos", help="its name in Kong")
    parser.add_argument("--format", choices=("yaml", "json"), default="yaml")
    parser.add_argument("--routes-only", action="store_true", help="without plugins: only this app keeps the limits")


def _yaml(value: Any, indent: str = "") -> Iterator[str]:
    """Yield lines; a text is written as JSON does, which is YAML's double-quoted style."""
    for key, one in value.items() if isinstance(value, dict) else (("-", one) for one in value):
        head = f"{indent}{key}" if key == "-" else f"{indent}{key}:"
        if not isinstance(one, dict | list) or not one:
            yield f"{head} {json.dumps(one, ensure_ascii=False)}"
        elif key == "-":
            first, *rest = _yaml(one, indent + "  ")
            yield f"{head} {first.lstrip()}"
            yield from rest
        else:
            yield head
            yield from _yaml(one, indent + "  ")


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise argparse.ArgumentTypeError(f"{text!r} is no URL of a server: write http://127.0.0.1:5000")
    return text


def _name(text: str) -> str:
    if not text or UNSAFE.search(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name: use letters, digits and `.`, `-`, `_`, `~`")
    return text
