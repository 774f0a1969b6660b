"""`python -m manifest migrate`: what the boot does with migrations, without its time limit."""

import argparse
import sys

from hookspecs import Command
from tools.db.contract import DbError
from tools.db.migrations.apply import Migrations


def migrate_command(migrations: Migrations) -> Command:
    """Offer the command for the migrations of a system."""

    async def run(arguments: argparse.Namespace) -> int:
        try:
            return await (_plan(migrations) if arguments.plan else _apply(migrations))
        except DbError as error:
            print(error, file=sys.stderr)
            return 1

    return Command("migrate", "apply pending migrations, without a time limit", _arguments, run, real=True)


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--plan", action="store_true", help="list what is pending, in order, and apply nothing")


async def _plan(migrations: Migrations) -> int:
    pending = await migrations.pending()
    for file in pending:
        print(f"pending {file.file}")
    print(f"{len(pending)} pending")
    return 0


async def _apply(migrations: Migrations) -> int:
    count = 0
    async for file in migrations.apply():
        print(f"applied {file.file}")
        count += 1
    print(f"{count} applied")
    return 0
