"""What stands after boot, as text, for the next author."""

from manifest.publication import publish
from manifest.scratch_settings import scratch

__all__ = ["publish", "scratch"]
