"""The index of what stands: the text of AI_CONTEXT.md. Each line of it is read before every feature: keep it short."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from hookspecs import Part, System
from manifest.feature import PACKAGES, Feature, domain_names, domain_of, features, in_order
from manifest.guide import EXAMPLE, GUIDE, TOOLS
from manifest.plain_text import message, plain
from manifest.table_line import table_line
from manifest.tool_contract import contract_lines

KNOWN = ("endpoint", "event", "table", "subscription", "responder", "setting", "transport", "waiver")


def render(system: System, root: Path, environ: Mapping[str, str]) -> str:
    """Render the whole index: the guide, the tools, the domains, and what is particular about this run.

    Args:
        system: what stands.
        root: the project, for the plugins' source.
        environ: this run's settings; their values are kept out of the text.
    """
    tools = sorted(system.tools, key=lambda part: part.name)
    signatures = [line for tool in tools for line in _signatures(tool)]
    sections = [GUIDE.strip(), f"```python\n{EXAMPLE.strip()}\n```"]
    sections.append("\n".join([TOOLS.strip(), "", "```python", *signatures, "```"]))
    sections += [section for section in (*_domains(system, root), _this_run(system, root, environ)) if section]
    return "\n\n".join(sections) + "\n"


def _signatures(tool: Part) -> list[str]:
    """Of a tool whose calls are all for plugins that watch the system, say nothing."""
    lines = [*contract_lines(tool)]
    return [] if len(lines) == 2 and lines[1].startswith("# also: ") else lines


def _domains(system: System, root: Path) -> Iterator[str]:
    standing, facts, names = features(system, root), in_order(system), domain_names(system)
    plugins = {feature.part.name for feature in standing}
    sections: dict[str, list[str]] = {name: [] for name in [*sorted(names), PACKAGES]}
    for fact in facts:
        if fact.kind == "table":
            sections[domain_of(fact.owner, names)].append(table_line(fact))
    for fact in facts:
        if fact.kind not in KNOWN and fact.owner not in plugins:
            line = f"{plain(fact.kind)} {plain(fact.name)} ({plain(fact.owner)}): {plain(fact.summary)}"
            sections[domain_of(fact.owner, names)].append(line.removesuffix(": "))
    for feature in standing:
        sections[domain_of(feature.part.name, names)].append(_feature(feature))
    for name, lines in sections.items():
        if lines:
            yield "\n".join([f"## {plain(name) or 'Packages'}", "", *(f"- {line}" for line in lines)])


def _feature(feature: Feature) -> str:
    """One line: the file, then what it serves, sends and hears; its summary where it does none of that."""
    served = [f"{plain(fact.name)} {plain(fact.data.get('guard', ''))}".rstrip() for fact in feature.of("endpoint")]
    served += [f"{plain(fact.kind)} {plain(fact.name)} {plain(fact.data.get('guard', ''))}".rstrip()
               for fact in feature.facts if fact.kind not in KNOWN]  # fmt: skip
    heard = [("in", fact.name) for fact in feature.of("subscription")]
    heard += [("replies", fact.name) for fact in feature.of("responder")]
    sent = [("out" if one.call == "publish" else "requests", one.event) for one in feature.sends]
    events = [f"{way} {_list(name for kind, name in sent + heard if kind == way)}"
              for way in dict(sent + heard)]  # fmt: skip
    return f"{_file(feature.part)}: {'; '.join(served + events) or plain(feature.part.summary)}"


def _list(names: Iterator[str]) -> str:
    return ", ".join(plain(name) for name in dict.fromkeys(names))


def _file(part: Part) -> str:
    path = Path(part.file)
    return plain(path.stem if path.parent.name == "plugins" else part)


def _this_run(system: System, root: Path, environ: Mapping[str, str]) -> str:
    """Say what is not as the tree and the defaults have it."""
    lines = []
    for part in sorted([*system.tools, *system.plugins], key=lambda part: (part.state, part.name)):
        if part.state == "disabled":
            lines.append(f"disabled: {plain(part)}")
        elif part.state == "broken":
            error = part.error if part.error.startswith(str(part)) else f"{part}: {part.error}"
            lines.append(f"broken: {message(error, root, environ)}")
    lines += [
        f"{plain(fact.owner)} runs on {plain(fact.name)}: {plain(fact.summary)}".removesuffix(": ")
        for fact in in_order(system)
        if fact.kind == "transport" and not fact.data.get("is_default")
    ]
    return "\n".join(["## This run", "", *(f"- {line}" for line in lines)]) if lines else ""
