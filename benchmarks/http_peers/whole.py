"""The whole application, every tool on its defaults, in a temporary tree with one plugin file."""

import atexit
import sys
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import manifest

PROJECT = Path(__file__).parents[2]


async def make_app() -> Any:
    """Make the app; it boots in the lifespan. Its files are removed when the process ends."""
    stack = ExitStack()
    atexit.register(stack.close)
    settings = stack.enter_context(manifest.scratch())
    del settings["LOG_LEVEL"]  # the default one
    root = Path(stack.enter_context(TemporaryDirectory(prefix="microcoreos-")))
    plugin = root / "domains" / "benchmark" / "plugins" / "measured.py"
    plugin.parent.mkdir(parents=True)
    plugin.write_text(Path(__file__).with_name("plugin.py").read_text())
    for name in ("asgi.py", "tools"):
        (root / name).symlink_to(PROJECT / name)
    sys.path.insert(0, str(root))
    return import_module("asgi").create_app(settings)
