"""What a feature must not write, as the framework does it: found in its source."""

import ast
from collections.abc import Iterator

FRAMEWORKS_OWN = (401, 403, 422, 500)
LOGGING = ("logging", "structlog", "logger", "print")
JSON = ("json", "dumps", "loads")


def repetitions(source: str) -> list[str]:
    """Name each with its line."""
    tree = ast.parse(source)
    found = [*_caught(tree), *_refused(tree), *_validated(tree), *_single_statements(tree), *_names(tree)]
    return [f"{node.lineno}: {said}" for node, said in sorted(found, key=lambda one: one[0].lineno)]


Found = Iterator[tuple[ast.stmt | ast.expr, str]]


def _caught(tree: ast.Module) -> Found:
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and node.handlers:
            yield node, "an error is caught: name it in `errors`"


def _refused(tree: ast.Module) -> Found:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "Refusal"
            and isinstance(node.args[0], ast.Constant)
            and node.args[0].value in FRAMEWORKS_OWN
        ):
            yield node, f"{node.args[0].value} by hand: a guard or a Struct answers it"


def _validated(tree: ast.Module) -> Found:
    """What is raised because of a field that its Struct bounds."""
    bounded = {
        field.target.id
        for field in ast.walk(tree)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if "Meta(" in ast.unparse(field.annotation) or "Literal[" in ast.unparse(field.annotation)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and any(isinstance(one, ast.Raise) for one in node.body):
            asked = {one.attr for one in ast.walk(node.test) if isinstance(one, ast.Attribute)}
            for name in sorted(asked & bounded):
                yield node, f"{name} is validated again"
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("isinstance", "msgspec.convert"):
            yield node, "a type is checked by hand: annotate it"


def _single_statements(tree: ast.Module) -> Found:
    """A transaction around one call of the database or the bus: that is one anyway."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncWith) and any(
            ast.unparse(item.context_expr).endswith(".transaction()") for item in node.items
        ):
            calls = [one for part in node.body for one in ast.walk(part) if isinstance(one, ast.Await)]
            if len(calls) < 2:
                yield node, "a transaction around one statement"


def _names(tree: ast.Module) -> Found:
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import | ast.ImportFrom):
            dotted = [getattr(node, "module", None) or "", *(one.name for one in node.names)]
            names = [name for one in dotted for name in one.split(".")]
        elif isinstance(node, ast.Call):
            names = ast.unparse(node.func).split(".")
        if isinstance(node, ast.stmt | ast.expr):
            if {*names} & {*LOGGING}:
                yield node, "what happens is logged anyway"
            if {*names} & {*JSON}:
                yield node, "JSON by hand: give and take Structs"
