"""What an author has to read before writing a feature: one rule for all schools.

1. Each file that the feature changes, as it is before.
2. The file that shows how a new one is written, its *neighbour*: the only part that is chosen, in `NEIGHBOURS`.
3. Each module of the project from which a file of the feature, its tests included, imports a name that stands in a line
   that is written: the name has to be known. So all imports of a new file, but of a long list in the composition root
   that gets one more line only what this line uses; and not what those modules import in their turn. A name that a
   package passes on leads to the module that has it. *Wide* is the other way to count: each import of a touched file.
4. The `conftest.py` whose fixtures a test of the feature asks for.

What is a library, or stands in for one, is not read. Of the tools, the hooks and the kernel our own author reads no
file but what `python -m manifest` prints.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.tokens.schools import Stage, before, files, touched, written

# by school and feature: the new file, the one that is like it, and why that one
NEIGHBOURS: dict[tuple[str, Stage], dict[str, tuple[str, str]]] = {
    ("ours", "register"): {
        "domains/users/plugins/register_user.py": ("domains/users/plugins/login.py", "the domain's other public POST"),
    },
    ("ours", "block"): {
        "domains/users/plugins/block_user.py": ("domains/users/plugins/login.py", "is changed, so it is read anyway"),
    },
    ("vertical_slice", "register"): {
        "app/features/register_user.py": ("app/features/login.py", "the other slice that is a public POST"),
    },
    ("vertical_slice", "block"): {
        "app/features/block_user.py": ("app/features/register_user.py", "the other slice that changes a user"),
    },
    ("n_layer", "register"): {
        "app/api/routes/users.py": ("app/api/routes/auth.py", "the other routes with a body"),
        "app/schemas/user.py": ("app/schemas/auth.py", "the other schemas of a request"),
        "app/services/user.py": ("app/services/auth.py", "the other service that has users"),
    },
    ("n_layer", "block"): {},
    ("hexagonal", "register"): {
        "app/application/register_user.py": ("app/application/login.py", "the other use case that has users"),
        "app/adapters/http/users.py": ("app/adapters/http/auth.py", "the other routes with a body"),
    },
    ("hexagonal", "block"): {
        "app/application/block_user.py": ("app/application/register_user.py", "the other that changes a user"),
    },
    ("clean_architecture", "register"): {
        "app/core/commands/register_user.py": (
            "app/infrastructure/auth_ctx/handlers/log_in.py",
            "the other interactor with a request",
        ),
        "app/infrastructure/adapters/sqla_notification_tx_storage.py": (
            "app/infrastructure/adapters/sqla_user_tx_storage.py",
            "is changed, so it is read anyway",
        ),
        "app/inbound/http/users/register_user.py": ("app/inbound/http/auth/log_in.py", "the other with a body"),
        "app/inbound/http/users/router.py": ("app/inbound/http/auth/router.py", "the other group of routes"),
    },
    ("clean_architecture", "block"): {
        "app/core/commands/block_user.py": ("app/core/commands/register_user.py", "the other that changes a user"),
        "app/inbound/http/users/block_user.py": ("app/inbound/http/users/register_user.py", "the other on users"),
    },
}
# what the template has as a library, and this repository does not
LIBRARIES = {"clean_architecture": ("app/main/ioc/container.py",)}
# what the manifest is read in place of
IN_MANIFEST = ("asgi", "hookspecs", "kernel", "manifest", "tools")


def to_read(school: str, stage: Stage, *, wide: bool = False) -> dict[str, str]:
    """Map each file that is read, by its path in the app before the feature, to the reason."""
    old, tree = files(school, before(stage)), files(school, stage)
    new, lines = touched(school, stage), written(school, stage)
    found = {path: "is changed" for path in new if path in old}
    for path, (neighbour, why) in NEIGHBOURS[school, stage].items():
        found.setdefault(neighbour, f"neighbour of {path}: {why}")
    for path, source in new.items():
        for module in used_modules(source, source.read_text() if wide else lines[path], tree):
            if module in old and module not in LIBRARIES.get(school, ()):
                found.setdefault(module, f"has a name that {path} uses")
        for conftest in _fixtures_of(path, source, old):
            found.setdefault(conftest, f"has fixtures of {path}")
    return found


def used_modules(source: Path, lines: str, tree: Mapping[str, Path]) -> Iterator[str]:
    """Give the path of each module of the project from which a file imports a name that is in some of its lines."""
    words = set(re.findall(r"\w+", lines))
    for module, name, bound in imports(source):
        if bound in words:
            yield from _resolve(module, name, tree)


def imports(source: Path) -> Iterator[tuple[str, str, str]]:
    """Give each import of a file: the module, what is taken from it (nothing: itself), and the name that it gets."""
    nodes = ast.walk(ast.parse(source.read_text())) if source.suffix == ".py" else ()
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((one.name, "", one.asname or one.name.partition(".")[0]) for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", one.name, one.asname or one.name) for one in node.names)


def _resolve(module: str, name: str, tree: Mapping[str, Path]) -> Iterator[str]:
    base = module.replace(".", "/")
    path = next((one for one in (f"{base}/{name}.py", f"{base}.py", f"{base}/__init__.py") if one in tree), None)
    if path is None:
        return
    yield path
    if path.endswith("__init__.py"):
        for inner, inner_name, bound in imports(tree[path]):  # that pass the name on
            if bound == name:
                yield from _resolve(inner, inner_name, tree)


def _fixtures_of(path: str, source: Path, old: Mapping[str, Path]) -> Iterator[str]:
    """Give each conftest.py above a test that has a fixture which the test asks for."""
    if not path.startswith("tests/") or source.suffix != ".py":
        return
    asked = {argument.arg for node in _functions(source) for argument in node.args.args}
    for folder in Path(path).parents:
        conftest = (folder / "conftest.py").as_posix()
        if conftest in old and asked & {node.name for node in _functions(old[conftest]) if node.decorator_list}:
            yield conftest


def _functions(source: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    nodes = ast.walk(ast.parse(source.read_text()))
    return [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
