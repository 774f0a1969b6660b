"""One thing by its name, with all that is known about it: a plugin, tool, route, event, table or setting."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from hookspecs import Part, System
from manifest.domain_slice import render_domain
from manifest.feature import domain_names, in_order
from manifest.plain_text import plain
from manifest.settings_table import render_settings
from manifest.table_line import table_line
from manifest.tool_contract import contract_lines

_ROUTES = ("endpoint", "websocket")
_EVENT_VERBS = ("publishes", "requests", "hears", "replies to")


def inspect(system: System, root: Path, environ: Mapping[str, str], what: str) -> str:
    """Tell what stands under a name, and show its source where it is a file's; an empty text for nothing.

    Args:
        system: what stands.
        root: the project.
        environ: this run's settings; their values are kept out of the text.
        what: `users.login`, `users/login`, `db`, `POST /users`, `/users/{id}`, `user.created`, `users`, `HTTP_HOSTS`.
    """
    sections = _sections(system, root, environ)
    found = [*_parts(system, sections, what), *_events(sections, what), *_tables(system, what)]
    found += _settings(system, what)
    files = dict.fromkeys([*_files(system, root, what), *(file for _, file in _routes(system, what))])
    owners = [owner for owner, _ in _routes(system, what)]
    found += [sections[owner] for owner in dict.fromkeys(owners) if owner in sections]
    shown = [text for file in files if (text := _source(root, file))]
    return "\n\n".join([*found, *shown]) + "\n" if found or shown else ""


def names(system: System) -> list[str]:
    """List what `inspect` knows, for who has mistyped."""
    kinds = (*_ROUTES, "subscription", "responder", "table")
    facts = [one.name for one in system.facts if one.kind in kinds]
    return sorted({*facts, *(part.name for part in (*system.tools, *system.plugins))})


def _sections(system: System, root: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Cut the domains' slices into those of plugins, by their names."""
    found = {}
    for domain in sorted(domain_names(system)):
        for section in render_domain(system, root, environ, domain).split("\n\n## ")[1:]:
            found[section.partition(" ")[0]] = f"## {section.strip()}"
    return found


def _parts(system: System, sections: Mapping[str, str], what: str) -> Iterator[str]:
    for plugin in system.plugins:
        if _is_called(plugin, what):
            yield sections.get(plugin.name, f"## {plain(plugin)}\n\n- {plugin.state}: {plain(plugin.error)}")
    for tool in system.tools:
        if tool.name == what:
            yield "\n".join([f"## {plain(tool)}", "", "```python", *contract_lines(tool), "```"])


def _is_called(plugin: Part, what: str) -> bool:
    return what in (plugin.name, plugin.name.replace(".", "/"), plugin.file)


def _files(system: System, root: Path, what: str) -> Iterator[str]:
    """Name the files of a plugin, or that of a tool's contract: its docstrings say what the short form leaves out."""
    yield from (plugin.file for plugin in system.plugins if _is_called(plugin, what))
    for tool in system.tools:
        if tool.name == what and tool.contract:
            path = Path(*tool.contract.__module__.split("."))
            yield from (str(one) for one in (path.with_suffix(".py"), path / "__init__.py") if (root / one).is_file())


def _routes(system: System, what: str) -> Iterator[tuple[str, str]]:
    """Yield owner and file of each route that is called so."""
    files = {plugin.name: plugin.file for plugin in system.plugins}
    for fact in in_order(system):
        if fact.kind in _ROUTES and what in (fact.name, fact.data.get("path")):
            yield fact.owner, files.get(fact.owner, "")


def _events(sections: Mapping[str, str], what: str) -> Iterator[str]:
    lines = [
        f"- {name} {line.removeprefix('- ')}"
        for name, section in sections.items()
        for line in section.splitlines()
        if line.startswith(tuple(f"- {verb} {what}{end}" for verb in _EVENT_VERBS for end in (" ", ";")))
    ]
    if lines:
        yield "\n".join([f"## event {plain(what)}", "", *lines])


def _tables(system: System, what: str) -> Iterator[str]:
    for fact in in_order(system):
        if fact.kind == "table" and fact.name == what:
            yield f"## table of {plain(fact.owner)}\n\n- {table_line(fact)}"


def _settings(system: System, what: str) -> Iterator[str]:
    rows = [row for row in render_settings(system).splitlines() if f"| `{what}` |" in row]
    if rows:
        yield "\n".join(["| of | variable | type | default | meaning |", "|---|---|---|---|---|", *rows])


def _source(root: Path, file: str) -> str:
    path = root / file
    if not file or not path.is_file():  # it came as a package
        return ""
    return f"```python\n# {file}\n{path.read_text().strip()}\n```"
