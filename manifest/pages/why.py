"""`python -m manifest why users.ban_user`: what a plugin asked for, what it got, and why it runs or does not."""

import ast
from collections.abc import Mapping
from pathlib import Path

from hookspecs import Part, System
from manifest.domain_slice import feature_lines
from manifest.feature import features
from manifest.plain_text import message, plain

RUNS, RUNS_NOT = 0, 1


async def render_why(system: System, root: Path, environ: Mapping[str, str], part: Part) -> tuple[str, int]:
    """Render it, and answer with the exit code too: 0 where it runs."""
    asked = {name: await _got(system, part, name) for name in part.needs or _parameters(root / part.file)}
    sections = [f"# {plain(part)}", _state(part, root, environ)]
    sections.append(
        "\n".join(["## Asked for", "", *([f"- {plain(name)}: {got}" for name, got in asked.items()] or ["- nothing"])])
    )
    registered = _registered(system, root, part)
    sections.append("\n".join(["## Registered", "", *(registered or ["- nothing"])]))
    findings = [f"- {'error' if one.is_error else 'warning'}: {message(str(one), root, environ)}"
                for one in sorted(system.findings) if one.file == part.file]  # fmt: skip
    sections.append("\n".join(["## Findings", "", *(findings or ["- none"])]))
    return "\n\n".join(sections) + "\n", RUNS if part.state == "ready" else RUNS_NOT


def _state(part: Part, root: Path, environ: Mapping[str, str]) -> str:
    match part.state:
        case "ready":
            return f"It runs (on scratch settings). {plain(part.summary)}".rstrip()
        case "disabled":
            return "It does not run: PLUGINS_DISABLED names it; take it out of that setting."
        case "broken":
            return f"It does not run: {message(part.error, root, environ)}"
    return "It does not run: the boot ended before it was reached."


async def _got(system: System, part: Part, name: str) -> str:
    tool = next((one for one in system.tools if one.name == name), None)
    if tool is None:
        return f"nobody offers it (offered: {plain(', '.join(sorted(one.name for one in system.tools)), 400)})"
    contract = tool.contract
    answers = await system.gather("wrap_tool", name=name, tool=_stand_in(contract), owner=part.name)
    wrappers = [answer.owner for answer in answers if answer.value is not None or answer.error]
    kept = f", {plain(f'{contract.__module__}.{contract.__name__}')}" if contract else ""
    wrapped = f"wrapped by {plain(', '.join(wrappers))}" if wrappers else "not wrapped"
    return f"{plain(tool.file)}{kept}, {wrapped}"


def _stand_in(contract: type | None) -> object:
    """Make something with the contract's members: who wraps tools looks at them, and calls none yet."""
    try:
        return type(contract.__name__, (contract,), {})() if contract else object()
    except TypeError:  # a contract that is no Protocol
        return object()


def _parameters(file: Path) -> list[str]:
    """Read what a constructor would ask for: a file that did not run has been asked nothing."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return []
    return [
        argument.arg
        for cls in tree.body
        if isinstance(cls, ast.ClassDef) and _has_hook(cls)
        for function in cls.body
        if isinstance(function, ast.FunctionDef) and function.name == "__init__"
        for argument in [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs][1:]
    ]


def _has_hook(cls: ast.ClassDef) -> bool:
    functions = [one for one in cls.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    return any("hookimpl" in ast.dump(mark) for one in functions for mark in one.decorator_list)


def _registered(system: System, root: Path, part: Part) -> list[str]:
    everyone = features(system, root)
    return [line for one in everyone if one.part is part for line in feature_lines(one, everyone)]
