"""`python -m manifest openapi`."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

import msgspec

from hookspecs import Command, Fact
from tools.http.endpoint import Endpoint
from tools.http.openapi.document import openapi


def openapi_command(endpoints: Sequence[Endpoint], facts: Sequence[Fact] = ()) -> Command:
    """Print the OpenAPI document of what stands when the command runs, the same bytes for the same routes."""

    def run(arguments: Namespace) -> int:
        document = msgspec.json.format(msgspec.json.encode(openapi(endpoints, facts)), indent=2)
        if arguments.output is None:
            print(document.decode())
        else:
            arguments.output.write_bytes(document + b"\n")
        return 0

    return Command("openapi", "print the OpenAPI 3.1 document, or write it to a file", _arguments, run)


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write it there; the same routes give the same bytes"
    )
