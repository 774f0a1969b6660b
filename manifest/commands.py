"""The commands that every system has: those that show what stands, check, settings."""

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from hookspecs import Command, Finding, Part, System
from manifest.index import render
from manifest.inspection import inspect, names
from manifest.publication import FILE, write_if_changed
from manifest.settings_table import render_settings
from manifest.unknown import unknown
from manifest.views import Views

SETTINGS_FILE = "docs/settings.md"
BROKEN = "broken-plugin"
_FINDING = re.compile(r"(?P<file>[^\s:;]+):(?P<line>\d+): (?P<message>.+?) \[(?P<code>[\w-]+)\](?:; |$)")


def built_in(system: System, root: Path, environ: Mapping[str, str]) -> list[Command]:
    """Make the commands for what has booted."""
    table = partial(render_settings, system)

    def check(arguments: argparse.Namespace) -> int:
        fresh = {FILE: render(system, root, environ), SETTINGS_FILE: table()}
        stale = [name for name, text in fresh.items() if not _is_fresh(root, name, text, write=arguments.write)]
        return _report(system, stale, strict=arguments.strict, as_json=arguments.json)

    def look(arguments: argparse.Namespace) -> int:
        return _inspect(system, inspect(system, root, environ, arguments.name), arguments.name)

    def settings(arguments: argparse.Namespace) -> int:
        print(table(), end="")
        return 0

    return [
        *Views(system, root, environ).commands(),
        Command("check", "tell whether the generated files are fresh and all rules are kept", _check_arguments, check),
        Command("inspect", "print all about one thing, by its name", _inspect_arguments, look),
        Command("settings", "print the table of settings", lambda parser: None, settings),
    ]


def _check_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--strict", action="store_true", help="fail on warnings too")
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--write", action="store_true", help=f"refresh {FILE} and {SETTINGS_FILE}")
    either.add_argument("--json", action="store_true", help="print one JSON object: stale, findings, waivers")


def _inspect_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="a plugin, tool, route, event, table or setting")


def _inspect(system: System, text: str, name: str) -> int:
    if text:
        print(text, end="")
        return 0
    print(unknown("thing", name, names(system)), file=sys.stderr)
    return 2


def _is_fresh(root: Path, name: str, text: str, *, write: bool) -> bool:
    path = root / name
    if write:
        path.parent.mkdir(parents=True, exist_ok=True)
        if write_if_changed(path, text):
            print(f"wrote {name}")
        return True
    return path.is_file() and path.read_bytes() == text.encode()


def _report(system: System, stale: Sequence[str], *, strict: bool, as_json: bool) -> int:
    """Print what is stale, findings, broken plugins and waivers; with `strict`, warnings are failures too."""
    refused = [one for part in system.plugins if part.state == "broken" for one in _refusals(part)]
    findings = [*sorted(system.findings), *sorted(refused)]
    waivers = sorted((str(one.data["file"]), int(one.data["line"]), one.name, one.summary)
                     for one in system.facts if one.kind == "waiver")  # fmt: skip
    if as_json:
        named = [dict(zip(("file", "line", "code", "reason"), one, strict=True)) for one in waivers]
        print(json.dumps({"stale": stale, "findings": [one._asdict() for one in findings], "waivers": named}))
    else:
        for name in stale:
            print(f"{name} is not what stands: run `python -m manifest check --write`")
        for finding in findings:
            print(f"{'error' if finding.is_error else 'warning'}: {finding}".removesuffix(f" [{BROKEN}]"))
        for file, line, code, reason in waivers:
            print(f"waived: {file}:{line}: {reason or 'without a reason'} [{code}]")
    return 1 if stale or any(strict or one.is_error for one in findings) else 0


def _refusals(part: Part) -> list[Finding]:
    """Take apart what keeps a plugin from running: findings on its source, or anything else that broke it."""
    found = [Finding(one["code"], one["message"], one["file"], int(one["line"]))
             for one in _FINDING.finditer(part.error)]  # fmt: skip
    return found or [Finding(BROKEN, part.error)]
