"""`python -m manifest routes`."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable

from hookspecs import Command
from tools.http.endpoint import Endpoint
from tools.http.mounts.mounts import Mounted
from tools.http.sockets.route import SocketRoute


def routes_command(
    endpoints: Iterable[Endpoint], sockets: Iterable[SocketRoute] = (), mounts: Iterable[Mounted] = ()
) -> Command:
    """Print a line a route: method, path, who may call it, which plugin serves it."""

    def run(arguments: Namespace) -> int:
        shown = [(one.method, one.path.text, one.protection, str(one.owner)) for one in endpoints]
        shown += [("WS", one.path.text, one.protection, str(one.owner)) for one in sockets]
        shown += [("MOUNT", one.path or "/", "guards itself", one.owner) for one in mounts]
        widths = [max(map(len, column), default=0) for column in zip(*shown, strict=True)]
        for row in shown:
            print("  ".join(f"{text:{width}}" for text, width in zip(row, widths, strict=True)).rstrip())
        return 0

    return Command("routes", "list the routes: method, path, guard, plugin", _nothing, run)


def _nothing(parser: ArgumentParser) -> None:
    """Take no arguments."""
