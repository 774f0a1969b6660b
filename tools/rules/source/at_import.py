"""What runs when a file is imported: nothing there may reach outside, as importing must have no effects."""

import ast
from collections.abc import Iterator

from hookspecs import Finding
from tools.rules.source.outside_calls import outside_call
from tools.rules.source.source import Source

REMEDY = "do it in `on_boot` or in the handler, with a tool"


def at_import(source: Source) -> Iterator[Finding]:
    """Refuse calls that certainly reach outside, and warn of those inside of a function that is called at import."""
    local = {node.name: node for node in source.tree.body if isinstance(node, ast.FunctionDef)}
    for node in _running(source.tree):
        if isinstance(node, ast.Call):
            if found := outside_call(node, source.names):
                yield source.error("import-io", node, f"{found[1]}() runs when the file is imported: {REMEDY}")
            elif isinstance(node.func, ast.Name) and node.func.id in local:
                function = local[node.func.id]
                inside = [outside_call(one, source.names) for one in ast.walk(function) if isinstance(one, ast.Call)]
                if hit := next(filter(None, inside), None):
                    message = f"{function.name}() runs when the file is imported, and calls {hit[1]}(): {REMEDY}"
                    yield source.warning("import-io", node, message)
        if _is_environment(node, source):
            advice = "read settings in the constructor, with `config.read(<a Struct>)`"
            yield source.warning("import-environ", node, f"the environment is read when the file is imported: {advice}")


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk what runs at import: not the inside of functions, nor what is for types or for `__main__` only."""
    left = [tree]
    while left:
        yield (node := left.pop())
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            left += [*getattr(node, "decorator_list", ()), *node.args.defaults, *filter(None, node.args.kw_defaults)]
        elif isinstance(node, ast.If) and _is_never(node.test):
            left += node.orelse
        elif isinstance(node, ast.GeneratorExp):
            left.append(node.generators[0].iter)  # the only part that does not wait until somebody iterates
        else:
            left += ast.iter_child_nodes(node)


def _is_never(test: ast.expr) -> bool:
    text = ast.unparse(test)
    return text in ("TYPE_CHECKING", "typing.TYPE_CHECKING") or "__name__ ==" in text or "== __name__" in text


def _is_environment(node: ast.AST, source: Source) -> bool:
    """Tell whether it looks into the environment; who only passes it on may read it later."""
    match node:
        case ast.Call(func=function, args=given):
            name = source.names.dotted(function)
            is_read = name == "os.getenv" or name.startswith("os.environ.")
            is_copied = name in ("dict", "list", "set", "sorted") and "os.environ" in map(source.names.dotted, given)
            return is_read or is_copied
        case ast.Subscript(value=looked_into) | ast.Compare(comparators=[looked_into]):
            return source.names.dotted(looked_into) == "os.environ"
    return False
