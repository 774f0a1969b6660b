"""What the rules of tools/rules add to a boot, with 200 and 1,000 plugins; printed as a Markdown table.

Each figure is the median of rounds of fresh processes, the kinds in turn, in milliseconds of the processor, as a boot
waits for nothing and other processes then do not count: without the rules' folder; with it, where
every file was read in an earlier boot; with it, where none was; and with ENV=production. The plugins are those of
benchmarks/boot.py, all third-party packages are imported before the clock starts.

    .venv/bin/python benchmarks/rules.py [--rounds 9] [200 1000]
"""

import argparse
import asyncio
import importlib
import json
import os
import platform
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))
KINDS = ("without", "warm", "cold", "production")


def main() -> None:
    """Parse the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", nargs="*", type=int, default=[200, 1000])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--child", choices=["packages", *KINDS], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        return asyncio.run(boot(arguments.child))
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, medians of {arguments.rounds} rounds\n")
    print("| plugins | without rules, ms | warm, ms | adds | cold, ms | production, ms | adds |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder:
        for count in arguments.counts:
            took = measure(Path(folder) / str(count), count, arguments.rounds)
            bare, adds = took["without"], {kind: took[kind] / took["without"] - 1 for kind in KINDS}
            print(
                f"| {count:,} | {bare:.0f} | {took['warm']:.0f} | {adds['warm']:.1%} | {took['cold']:.0f} "
                f"| {took['production']:.0f} | {adds['production']:.1%} |"
            )
    return None


def measure(root: Path, count: int, rounds: int) -> dict[str, float]:
    """Generate `count` plugins and answer with the medians of each kind of boot."""
    from benchmarks.boot import generate

    generate(root, count)
    (root / "tools").unlink()
    (root / "tools").mkdir()
    for tool in (PROJECT / "tools").glob("[!_.]*/"):
        (root / "tools" / tool.name).symlink_to(tool)
    packages = spawn(root, "packages", "")
    took: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for _ in range(rounds):
        for kind in KINDS:
            took[kind].append(json.loads(spawn(root, kind, packages)))
    return {kind: statistics.median(found) for kind, found in took.items()}


def spawn(root: Path, kind: str, packages: str) -> str:
    """Run one child in a fresh interpreter and answer with its last line."""
    rules = root / "tools" / "rules"
    if kind == "without":
        rules.unlink()
    elif not rules.exists():
        rules.symlink_to(PROJECT / "tools" / "rules")
    if kind == "cold":
        for kept in (root / "domains" / "__pycache__").glob("rules.*.json"):
            kept.unlink()
    environ = {**os.environ, "PYTHONPATH": f"{root}:{PROJECT}", "BENCHMARK_PACKAGES": packages, "LOG_LEVEL": "ERROR"}
    command = [sys.executable, str(Path(__file__)), "--child", kind]
    done = subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout.strip().splitlines()[-1]


async def boot(kind: str) -> None:
    """Boot the tree, and print the processor's milliseconds, or the third-party modules that it needs."""
    sys.path[:2] = []  # this script's own folder, and what it put before
    for name in filter(None, os.environ["BENCHMARK_PACKAGES"].split(",")):
        with suppress(Exception):
            importlib.import_module(name)
    from kernel.boot import Kernel
    from manifest import KernelSettings, scratch

    with scratch() as environ:
        if kind == "production":
            environ |= {"ENV": "production", "HTTP_HOSTS": "localhost", "AUTH_SECRET": secrets.token_urlsafe(48)}
        started = time.process_time()
        kernel = Kernel(Path.cwd(), environ, KernelSettings())
        await kernel.boot()
        took_ms = (time.process_time() - started) * 1000
        await kernel.shutdown()
    foreign = [name for name, one in sys.modules.items() if "site-packages" in (getattr(one, "__file__", "") or "")]
    print(",".join(foreign) if kind == "packages" else took_ms)


if __name__ == "__main__":
    main()
