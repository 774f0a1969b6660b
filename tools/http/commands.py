"""`python -m manifest routes`."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable

from hookspecs import Command
from tools.http.endpoint import Endpoint


def routes_command(endpoints: Iterable[Endpoint]) -> Command:
    """Print a line a route: method, path, who may call it, which plugin serves it."""

    def run(arguments: Namespace) -> int:
        for one in endpoints:
            print(f"{one.method:7}{one.path.text:36}{one.protection:16}{one.owner}")
        return 0

    return Command("routes", "list the routes: method, path, guard, plugin", _nothing, run)


def _nothing(parser: ArgumentParser) -> None:
    """Take no arguments."""
