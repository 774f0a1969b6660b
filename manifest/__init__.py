"""What stands after boot, as text, for the next author."""

from manifest.publication import publish
from manifest.scratch_run import running
from manifest.scratch_settings import scratch
from manifest.settings import KernelSettings

__all__ = ["KernelSettings", "publish", "running", "scratch"]
