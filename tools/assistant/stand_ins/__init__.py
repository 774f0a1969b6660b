"""What plugins get in place of a tool while assistants are let in: the tool, but for a call that is rehearsed.

A tool is rehearsed in one of three ways: it has no effects (`PURE`), it has a stand-in here (`made_for`), or its
contract says `is_rehearsable = True`. Any other one is refused: nobody knows how to take back what it does.
"""

from collections.abc import Callable, Mapping
from typing import Any

from hookspecs import Part
from tools.assistant.stand_ins.bus import BusStandIn
from tools.assistant.stand_ins.db import DbStandIn
from tools.assistant.stand_ins.scheduler import SchedulerStandIn
from tools.assistant.stand_ins.state import StateStandIn

PURE = frozenset({"assistant", "auth", "config", "http", "logger", "registry"})
"""They compute, read, log, or refuse to change anything once the boot is over."""
_MADE: Mapping[str, Callable[[Any], object]] = {
    "db": DbStandIn,
    "event_bus": BusStandIn,
    "scheduler": SchedulerStandIn,
    "state": StateStandIn,
}


def made_for(name: str, tool: object) -> object | None:
    """Make the stand-in for a tool; None where it needs none, or there is none."""
    make = _MADE.get(name)
    return make(tool) if make else None


def is_rehearsable(tool: Part) -> bool:
    """Tell whether everything that a tool does while a call is rehearsed can be taken back."""
    contract = tool.contract
    if contract is None:
        return False
    # a contract of somebody else's under a name of ours promises nothing
    is_ours = f"{contract.__module__}.".startswith(f"tools.{tool.name}.contract.")
    return (is_ours and (tool.name in PURE or tool.name in _MADE)) or getattr(contract, "is_rehearsable", False) is True
