"""What the names of a file stand for, as far as that is certain."""

import ast
from collections.abc import Iterator

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class Names:
    """A file's imports and constants; a name that is bound anywhere else too stands for nothing."""

    def __init__(self, tree: ast.Module) -> None:
        self._imported: dict[str, str] = {}
        self._bound: set[str] = set()
        for node in ast.walk(tree):
            self._note(node)
        self.constants = {name: value for name, value in _assigned(tree.body) if name not in self._imported}

    def dotted(self, node: ast.AST) -> str:
        """Answer with the full name that an expression stands for: `sleep` -> `time.sleep`; empty where unknown."""
        if isinstance(node, ast.Attribute):
            home = self.dotted(node.value)
            return f"{home}.{node.attr}" if home else ""
        if not isinstance(node, ast.Name) or node.id in self._bound:
            return ""
        return self._imported.get(node.id, node.id)

    def is_imported(self, name: str) -> bool:
        """Tell whether a name comes from an import."""
        return name in self._imported

    def _note(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for one in node.names:
                self._imported[one.asname or one.name.partition(".")[0]] = (
                    one.name if one.asname else one.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            self._imported |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            self._bound.add(node.id)
        elif isinstance(node, ast.arg):
            self._bound.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            self._bound.add(node.name)


def _assigned(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    """Yield what is assigned once to a name of its own in a body."""
    found: dict[str, list[ast.expr]] = {}
    for node in body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
                found.setdefault(target.id, []).append(node.value)
    yield from ((name, values[0]) for name, values in found.items() if len(values) == 1)


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Walk what runs with a function's, or the module's, body: not what is inside of functions in it."""
    left = [*ast.iter_child_nodes(node)]  # no recursion: a sum of a thousand texts is a thousand levels deep
    while left:
        yield (child := left.pop())
        if not isinstance(child, FUNCTIONS):
            left.extend(ast.iter_child_nodes(child))
