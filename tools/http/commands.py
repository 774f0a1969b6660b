"""`python -m manifest routes` and `python -m manifest openapi`."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

import msgspec

from hookspecs import Command
from tools.http.endpoint import Endpoint
from tools.http.openapi import openapi


def routes_command(endpoints: Sequence[Endpoint]) -> Command:
    """Print a line a route: method, path, who may call it, which plugin serves it."""

    def run(arguments: Namespace) -> int:
        for one in sorted(endpoints, key=lambda one: (one.path.text, one.method)):
            print(f"{one.method:7}{one.path.text:36}{one.protection:16}{one.owner}")
        return 0

    return Command("routes", "list the routes: method, path, guard, plugin", _nothing, run)


def openapi_command(endpoints: Sequence[Endpoint]) -> Command:
    """Print the OpenAPI document."""

    def run(arguments: Namespace) -> int:
        print(msgspec.json.format(msgspec.json.encode(openapi(endpoints)), indent=2).decode())
        return 0

    return Command("openapi", "print the OpenAPI 3.1 document", _nothing, run)


def _nothing(parser: ArgumentParser) -> None:
    """Take no arguments."""
