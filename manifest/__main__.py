"""`python -m manifest`: what stands, as text; and the commands that tools and plugins bring.

A command that is `real` runs in a system on the real settings, any other in one on scratch settings; neither consumes.
"""

import argparse
import asyncio
import inspect
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, redirect_stdout

import msgspec

import asgi
import manifest
from hookspecs import Command, Refusal, System
from kernel.errors import BootError
from manifest.commands import built_in
from manifest.unknown import unknown


class CommandError(Exception):
    """A command that cannot be run; `code` is the exit code."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


def main(arguments: Sequence[str]) -> int:
    """Run a command, and answer with its exit code."""
    try:
        return asyncio.run(_run(list(arguments) or ["show"]))
    except CommandError as error:
        print(error, file=sys.stderr)
        return error.code
    except (BootError, Refusal, msgspec.ValidationError) as error:
        print(error, file=sys.stderr)
        return 1


async def _run(arguments: list[str]) -> int:
    with manifest.scratch() as scratch:
        # which tool serves a name is a choice without which some trees cannot boot
        chosen = {name: value for name, value in os.environ.items() if name.startswith("TOOL_")}
        if arguments[0] == "why":  # what is asked about may be left out by it; the manifest is the same with it
            chosen |= {name: os.environ[name] for name in ("PLUGINS_DISABLED",) if name in os.environ}
        settings = {**chosen, **scratch, "ON_BROKEN_PLUGIN": "quarantine"}
        async with _booted(settings) as system:
            commands = await _commands(system, settings)
            options = _parse(commands, arguments)
            command = commands[options.command]
            if not command.real:
                return await _answer(command, options)
    settings = {**os.environ, **(_before_migrations(options) if options.command == "migrate" else {})}
    async with _booted(settings) as system:
        commands = await _commands(system, settings)
        if options.command not in commands:
            raise CommandError(f"{unknown('command', options.command, [*commands])} on the real settings")
        return await _answer(commands[options.command], options)


def _before_migrations(options: argparse.Namespace) -> dict[str, str]:
    """Settings for a boot that leaves to `migrate` what it is asked to do, or with --plan and --check not to do.

    A plugin that asks for its table at boot fails before there is one: that is no reason not to make it.
    """
    looks_only = getattr(options, "plan", False) or getattr(options, "check", False)
    found = {"DB_CREATE": "false"} if looks_only else {}
    return {"DB_MIGRATE": "false", "ON_BROKEN_PLUGIN": "quarantine", **found}


@asynccontextmanager
async def _booted(settings: Mapping[str, str]) -> AsyncIterator[System]:
    kernel = asgi.make_kernel(settings)
    with redirect_stdout(sys.stderr):  # what is printed on the way is no part of a command's answer
        await kernel.boot(consume=False)
    try:
        yield kernel.system
    finally:
        with redirect_stdout(sys.stderr):
            await kernel.shutdown()


async def _commands(system: System, settings: Mapping[str, str]) -> dict[str, Command]:
    commands = {one.name: one for one in built_in(system, asgi.ROOT, settings)}
    for answer in await system.gather("register_commands"):
        if answer.error:
            print(answer.error, file=sys.stderr)
        try:
            offered = [*map(Command._make, answer.value or ())]
        except TypeError as error:
            who, remedy = f"{answer.owner} ({answer.file})", "return a list of Commands from `register_commands`"
            print(f"{who} offers commands that are none, {error}: {remedy}", file=sys.stderr)
            continue
        for command in offered:
            if command.name in commands:
                raise CommandError(f"{answer.owner} offers command {command.name!r}, which there is already: rename it")
            commands[command.name] = command
    return commands


def _parse(commands: Mapping[str, Command], arguments: list[str]) -> argparse.Namespace:
    if not arguments[0].startswith("-") and arguments[0] not in commands:
        raise CommandError(unknown("command", arguments[0], [*commands]), 2)
    parser = argparse.ArgumentParser("python -m manifest", description="What stands after boot, as text; and commands.")
    choices = parser.add_subparsers(dest="command", metavar="command", required=True)
    for command in commands.values():
        command.arguments(choices.add_parser(command.name, help=command.help, description=command.help))
    return parser.parse_args(arguments)


async def _answer(command: Command, options: argparse.Namespace) -> int:
    code = command.run(options)
    return await code if inspect.isawaitable(code) else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
