"""All slices of the golden app, from one boot in a process of its own: run as a script there, read by the tests."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.manifest.made_up import python

SCRIPT = """
import asyncio, json, sys, time
import asgi, manifest
from manifest import tokens
from manifest.pages.context import render_context

def render(system, words, budget):
    started = time.perf_counter()
    text = render_context(system, asgi.ROOT, {}, task=words, budget=budget)
    return {"text": text, "seconds": time.perf_counter() - started}

async def render_all(asked):
    with manifest.scratch() as settings:
        kernel = asgi.make_kernel(settings)
        await kernel.boot(consume=False)
        counted = [render(kernel.system, *one) for one in asked]
        again = [render(kernel.system, *one)["text"] for one in asked]
        tokens._tokenizer = lambda: None
        estimated = [render(kernel.system, *one) for one in asked]
        domains = {one.name: render_context(kernel.system, asgi.ROOT, {}, domain=one.name)
                   for one in kernel.system.domains}
        index = render_context(kernel.system, asgi.ROOT, {})
        await kernel.shutdown()
    print(json.dumps({"counted": counted, "again": again, "estimated": estimated, "pages": [index, *domains.values()]}))

asyncio.run(render_all(json.loads(sys.argv[1])))
"""


def render_slices(app: Path, asked: Sequence[tuple[str, int]]) -> Any:
    """Render a slice for each task and budget: with the tokenizer, again, and by the estimate; and all other pages."""
    started = time.perf_counter()
    done = python(app, "-c", SCRIPT, json.dumps(asked))
    assert done.returncode == 0, done.stderr
    return {**json.loads(done.stdout), "seconds": time.perf_counter() - started}
