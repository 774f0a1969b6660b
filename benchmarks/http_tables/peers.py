"""Who takes part."""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple


class Peer(NamedTuple):
    """One who is measured: its module in `benchmarks/http_peers/`, its name in a table, its distributions."""

    module: str
    title: str
    distributions: tuple[str, ...]

    def missing(self) -> list[str]:
        """List the distributions that are not installed."""
        return [name for name in self.distributions if found_version(name) is None]

    def load(self) -> Any:
        """Import it."""
        return import_module(f"benchmarks.http_peers.{self.module}")


PEERS = {
    "handwritten": Peer("handwritten", "hand-written", ("msgspec",)),
    "ours": Peer("ours", "ours", ("starlette", "msgspec")),
    "whole": Peer("whole", "ours, whole app", ("starlette", "msgspec")),
    "starlette": Peer("starlette_app", "Starlette + msgspec", ("starlette", "msgspec")),
    "blacksheep": Peer("blacksheep_app", "BlackSheep + msgspec", ("blacksheep", "msgspec")),
    "litestar": Peer("litestar_app", "Litestar", ("litestar", "msgspec")),
    "fastapi": Peer("fastapi_app", "FastAPI", ("fastapi", "pydantic")),
}
BASE = "handwritten"


def found_version(distribution: str) -> str | None:
    """Answer with the installed version, or None."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
