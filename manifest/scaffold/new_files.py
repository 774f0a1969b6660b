"""`python -m manifest new plugin users/ban_user`, `new domain billing`: names are checked, nothing is overwritten."""

import re
from collections.abc import Iterable
from keyword import iskeyword
from pathlib import Path

from hookspecs import System
from manifest.feature import domain_names
from manifest.scaffold.templates import IMPORTED, class_name, domain_files, domain_path, plugin_files, plugin_path

_NAME = re.compile(r"[a-z](?:_?[a-z0-9])*")
_LONGEST = 30  # longer ones would make lines of the new files longer than 120
# the words that no table can be called on SQLite or on PostgreSQL
_SQL_WORDS = """
add all alter analyse analyze and any array as asc asymmetric authorization autoincrement between binary both
case cast check collate collation column commit concurrently constraint create cross current_catalog
current_date current_role current_schema current_time current_timestamp current_user default deferrable delete
desc distinct do drop else end escape except exists false fetch for foreign freeze from full grant group having
ilike in index indexed initially inner insert intersect into is isnull join lateral leading left like limit
localtime localtimestamp natural not nothing notnull null offset on only or order outer overlaps placing primary
references returning right select session_user set similar some symmetric system_user table tablesample then to
trailing transaction true union unique update user using values variadic verbose when where window with"""
_SQL = frozenset(_SQL_WORDS.split())
NEEDED = {"plugin": ("http",), "domain": ("http", "db")}


class NewFileError(Exception):
    """Nothing was written; `code` is the exit code: 2 for a name that cannot be, 1 for what stands in the way."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


def write_new(system: System, root: Path, kind: str, name: str) -> list[str]:
    """Write the files of a new plugin or domain, all or none, and list them.

    Raises:
        NewFileError: the name is none, is taken, or has no domain; or a tool is missing.
    """
    tools = {tool.name for tool in system.tools}
    if missing := [one for one in NEEDED[kind] if one not in tools]:
        raise NewFileError(f"a new {kind} needs the tool {missing[0]!r}, which nobody offers: write the file by hand")
    files = _plugin(system, name, tools) if kind == "plugin" else _domain(system, root, name, tools)
    if taken := sorted(file for file in files if (root / file).exists()):
        raise NewFileError(f"{taken[0]} is there already, and nothing was written: choose another name")
    for file, text in files.items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        with (root / file).open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    return list(files)


def _plugin(system: System, name: str, tools: set[str]) -> dict[str, str]:
    domain, slash, feature = name.partition("/")
    if not slash:
        raise NewFileError(
            f"a plugin's name is `<domain>/<feature>`, and {name!r} has no domain: write `users/ban_user`", 2
        )
    known = sorted(domain_names(system))
    _check(domain)
    _check(feature)
    if class_name(feature).startswith("Test"):
        raise NewFileError(f"{feature!r} cannot be a name: pytest would take its class for a test: choose another", 2)
    if domain not in known:
        advice = f"run `python -m manifest new domain {domain}` first"
        raise NewFileError(f"there is no domain {domain!r}: {advice} (there are: {', '.join(known) or 'none'})")
    _check_routes(system, f"POST {plugin_path(domain, feature)}")
    return plugin_files(domain, feature, tools)


def _domain(system: System, root: Path, name: str, tools: set[str]) -> dict[str, str]:
    _check(name)
    if name.startswith("sqlite_"):
        raise NewFileError(f"a table cannot be called {name!r}, which is SQLite's own: choose another name", 2)
    if name in _SQL:
        raise NewFileError(f"a table cannot be called {name!r}, which is a word of SQL: write e.g. `{name}s`", 2)
    if (root / "domains" / name).exists():
        raise NewFileError(
            f"domains/{name} is there already, and nothing was written: run `python -m manifest show {name}`"
        )
    if owner := next((fact.owner for fact in system.facts if (fact.kind, fact.name) == ("table", name)), ""):
        raise NewFileError(f"{owner} has a table {name!r} already, and nothing was written: choose another name")
    _check_routes(system, f"GET {domain_path(name)}")
    return domain_files(name, tools)


def _check(name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST or iskeyword(name):
        rule = f"small letters, digits and single underscores, a letter first, at most {_LONGEST}, no word of Python's"
        raise NewFileError(f"{name!r} cannot be a name: {rule}, e.g. `ban_user`", 2)
    if iskeyword(class_name(name)) or class_name(name) in IMPORTED:
        raise NewFileError(f"{name!r} cannot be a name: its class would hide {class_name(name)}: choose another", 2)


def _check_routes(system: System, route: str) -> None:
    known = (("endpoint", route), ("mount", route.partition(" ")[2]))
    served: Iterable[str] = (fact.owner for fact in system.facts if (fact.kind, fact.name) in known)
    if owner := next(iter(served), ""):
        raise NewFileError(f"{owner} serves {route} already, and nothing was written: choose another name")
