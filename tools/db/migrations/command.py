"""`python -m manifest migrate`: what the boot does with migrations, without its time limit."""

import argparse
import sys

from hookspecs import Command
from tools.db.contract import DbError
from tools.db.migrations.apply import Migrations
from tools.db.migrations.files import MigrationFile

_HELP = "apply pending migrations, without a time limit; exits with 1 if one cannot be, and then it is rolled back"


def migrate_command(migrations: Migrations) -> Command:
    """Offer the command for the migrations of a system."""

    async def run(arguments: argparse.Namespace) -> int:
        for file in migrations.broken:
            print(f"{file} is broken, so what it stores is not known: correct it, or delete it", file=sys.stderr)
        if migrations.broken:
            return 1
        try:
            if arguments.check or arguments.plan:
                count = await _plan(migrations)
                return int(arguments.check and count > 0)
            print(f"{await migrations.apply(_print)} applied")
            return 0
        except DbError as error:
            print(error, file=sys.stderr)
            return 1

    return Command("migrate", _HELP, _arguments, run, real=True)


def _arguments(parser: argparse.ArgumentParser) -> None:
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "--plan", action="store_true", help="list what is pending, and what was applied and is gone; apply nothing"
    )
    choice.add_argument(
        "--check", action="store_true", help="as --plan, and exit with 1 if anything is pending; writes nothing"
    )


async def _plan(migrations: Migrations) -> int:
    pending, gone = await migrations.plan()
    print(f"{migrations.engine_name}: {len(pending)} pending")
    for file in pending:
        print(f"pending {file.owner} {file.name}: {file.file}{_needs(file)}")
    for leftover in gone:
        print(leftover)
    return len(pending)


def _needs(file: MigrationFile) -> str:
    needed = [f"{owner}/{number:03}" for owner, number in file.headers.depends]
    return f", depends on {', '.join(needed)}" if needed else ""


def _print(text: str) -> None:
    print(text, flush=True)
