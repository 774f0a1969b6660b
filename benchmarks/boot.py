"""How long a boot takes, and what it holds in memory, with 10, 200 and 1,000 plugins; printed as a Markdown table.

Each row is the median of rounds of fresh processes: one imports the plugin files and registers them with pluggy,
nothing else; one boots them with every tool of this checkout, from the kernel's first line to ready. Third-party
packages are imported before either clock starts, and every file is compiled beforehand.

    .venv/bin/python benchmarks/boot.py [--rounds 5] [10 200 1000]
"""

import argparse
import asyncio
import compileall
import importlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PLUGIN = '''"""Plugin {number}."""

from typing import Annotated

import msgspec

from hookspecs import hookimpl


class NewItem{number}(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    amount: int = 1


class Item{number}(msgspec.Struct):
    id: int
    name: str
    amount: int


class CreateItem{number}:
    """POST /items{number}: store an item."""

    def __init__(self, http, db) -> None:
        self.http, self.db = http, db

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/items{number}", "POST", self.execute, status=201, public=True)

    async def execute(self, new: NewItem{number}) -> Item{number}:
        return Item{number}({number}, new.name, new.amount)
'''


def main() -> None:
    """Parse the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", nargs="*", type=int, default=[10, 200, 1000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--child", choices=["register", "boot", "packages"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        return child(arguments.child)
    with tempfile.TemporaryDirectory() as folder:
        rows = [measure(Path(folder) / str(count), count, arguments.rounds) for count in arguments.counts]
    print_table(rows, arguments.rounds)
    return None


def measure(root: Path, count: int, rounds: int) -> dict[str, float]:
    """Generate `count` plugins and answer with the medians of `rounds`, the two kinds of process in turn."""
    print(f"{count} plugins ...", file=sys.stderr)
    generate(root, count)
    packages = spawn(root, "packages", "")
    results: dict[str, list[dict[str, float]]] = {"register": [], "boot": []}
    for _ in range(rounds):
        for kind, found in results.items():
            found.append(json.loads(spawn(root, kind, packages)))
    row = {"plugins": count, "register_ms": statistics.median(one["ms"] for one in results["register"])}
    for name in ("ms", "rss_mib", "manifest_bytes", "manifest_ms"):
        row[name] = statistics.median(one[name] for one in results["boot"])
    return row


def generate(root: Path, count: int) -> None:
    """Write a project of ten domains that share `count` plugins; the tools are this checkout's own."""
    for number in range(count):
        file = root / "domains" / f"d{number % 10}" / "plugins" / f"create_item{number:04}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(PLUGIN.replace("{number}", str(number)))
    (root / "tools").symlink_to(PROJECT / "tools")
    compileall.compile_dir(root / "domains", quiet=1)


def spawn(root: Path, kind: str, packages: str) -> str:
    """Run one child in a fresh interpreter and answer with its last line."""
    environ = {**os.environ, "PYTHONPATH": f"{root}:{PROJECT}", "BENCHMARK_PACKAGES": packages, "LOG_LEVEL": "ERROR"}
    command = [sys.executable, str(Path(__file__)), "--child", kind]
    done = subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout.strip().splitlines()[-1]


def child(kind: str) -> None:
    """Measure in this process."""
    sys.path.pop(0)  # this script's own folder
    for name in filter(None, os.environ["BENCHMARK_PACKAGES"].split(",")):
        with suppress(Exception):
            importlib.import_module(name)
    if kind == "register":
        print(json.dumps({"ms": register(Path.cwd())}))
    else:
        asyncio.run(boot(Path.cwd(), is_listing=kind == "packages"))


def register(root: Path) -> float:
    """Import every plugin file, construct its class and register it with pluggy."""
    import pluggy

    import hookspecs

    started = time.perf_counter()
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    for file in sorted(root.glob("domains/*/plugins/*.py")):
        module = importlib.import_module(".".join(file.relative_to(root).with_suffix("").parts))
        (cls,) = (value for name, value in vars(module).items() if name.startswith("CreateItem"))
        manager.register(cls(None, None), f"{file.parent.parent.name}.{file.stem}")
    return (time.perf_counter() - started) * 1000


async def boot(root: Path, *, is_listing: bool) -> None:
    """Boot the tree; list the third-party modules that this needs, or print what it took."""
    from kernel.boot import Kernel
    from manifest import KernelSettings, scratch

    with scratch() as environ:
        started = time.perf_counter()
        kernel = Kernel(root, environ, KernelSettings())
        await kernel.boot()
        took_ms = (time.perf_counter() - started) * 1000
        resident_mib = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
        manifest = root / "AI_CONTEXT.md"
        started = time.perf_counter()
        render(kernel, root, manifest)
        manifest_ms = (time.perf_counter() - started) * 1000
        await kernel.shutdown()
    if is_listing:
        foreign = [
            name for name, module in sys.modules.items() if "site-packages" in (getattr(module, "__file__", "") or "")
        ]
        print(",".join(foreign))
    else:
        size = manifest.stat().st_size
        print(json.dumps({"ms": took_ms, "rss_mib": resident_mib, "manifest_bytes": size, "manifest_ms": manifest_ms}))


def render(kernel: object, root: Path, file: Path) -> None:
    """Write the manifest as a serving process does."""
    import manifest

    manifest.publish(kernel.system, {"MANIFEST_PATH": str(file)}, root)  # type: ignore[attr-defined]


def print_table(rows: list[dict[str, float]], rounds: int) -> None:
    """Print the medians."""
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, medians of {rounds} rounds of fresh processes\n"
    )
    print("| plugins | import + register, ms | boot, ms | ratio | resident, MiB | above first | manifest, bytes | ms |")
    print("|--:|--:|--:|--:|--:|--:|--:|--:|")
    for row in rows:
        above = row["rss_mib"] - rows[0]["rss_mib"]
        print(
            f"| {row['plugins']:,.0f} | {row['register_ms']:.0f} | {row['ms']:.0f} "
            f"| {row['ms'] / row['register_ms']:.2f} "
            f"| {row['rss_mib']:.1f} | {above:.1f} | {row['manifest_bytes']:,.0f} | {row['manifest_ms']:.0f} |"
        )


if __name__ == "__main__":
    main()
