"""The manifest's way into its file: only if changed, whole or not at all, and never at the cost of a boot."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from hookspecs import System
from manifest.index import render
from manifest.settings import ManifestSettings

log = logging.getLogger(__name__)
FILE = "AI_CONTEXT.md"
SLOW_MS = 1_000


def publish(system: System, environ: Mapping[str, str], root: Path) -> None:
    """Log what stands and its warnings, write it to MANIFEST_PATH; what goes wrong is one warning more, never an error.

    Args:
        system: as `kernel.system` is after the boot.
        environ: the settings of this run; no value of them gets into the text.
        root: the project; files are named relative to it.
    """
    endpoints = sum(fact.kind == "endpoint" for fact in system.facts)
    took_ms = sum(part.boot_ms for part in (*system.tools, *system.plugins))
    standing = (len(system.tools), len(system.plugins), endpoints)
    log.info("booted %d tools, %d plugins, %d endpoints in %.0f ms", *standing, took_ms)
    for part in (*system.tools, *system.plugins):
        if part.boot_ms > SLOW_MS:
            log.warning("%s took %.1f s to boot", part, part.boot_ms / 1000)
    for finding in system.findings:
        log.warning("%s", finding)
    try:
        if path := _destination(environ, root):
            write_if_changed(path, render(system, root, environ))
    except Exception as error:
        log.warning("the manifest is not written: %s: %s", type(error).__name__, error)


def write_if_changed(path: Path, text: str) -> bool:
    """Write by rename, so that a reader never sees half of it; False when the same text is there already."""
    content = text.encode()
    if path.is_file() and path.read_bytes() == content:
        return False
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return True


def _destination(environ: Mapping[str, str], root: Path) -> Path | None:
    settings = msgspec.convert(environ, ManifestSettings, strict=False)
    if settings.manifest_path is None:
        return root / FILE if settings.env == "development" else None
    return Path(settings.manifest_path) if settings.manifest_path else None
