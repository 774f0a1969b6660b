"""What an assistant asks for: the arguments of each tool, checked."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from tools.assistant.budget import DEFAULT, LEAST, MOST

NO_NUL = r"^[^\x00]*$"
Words = Annotated[str, Meta(max_length=10_000, pattern=NO_NUL)]  # what a command line can hold
Budget = Annotated[int, Meta(ge=LEAST, le=MOST)]


class _Asked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    budget: Budget = DEFAULT


class ForContext(_Asked, frozen=True, kw_only=True):
    """The index, a domain, or what a task needs."""

    task: Words = ""
    domain: Words = ""


class ForInspection(_Asked, frozen=True, kw_only=True):
    """One thing by its name."""

    what: Annotated[str, Meta(min_length=1, max_length=300, pattern=NO_NUL)]


class ForCall(_Asked, frozen=True, kw_only=True):
    """A request to rehearse."""

    method: Annotated[str, Meta(pattern=r"^[A-Za-z]{1,16}$")]
    path: Annotated[str, Meta(pattern=r"^/[^\s?#]{0,4000}$")]
    body: Any = None
    headers: dict[str, str] = {}
    query: dict[str, Any] = {}
    as_user: str = ""


class ForLogs(_Asked, frozen=True, kw_only=True):
    """Records."""

    level: Literal["debug", "info", "warning", "error"] = "debug"
    since: str = ""


class ForTrace(_Asked, frozen=True, kw_only=True):
    """What followed from a request."""

    trace_id: Annotated[str, Meta(min_length=1, max_length=200)]


class ForCheck(_Asked, frozen=True, kw_only=True):
    """What is wrong."""


SHAPES: dict[str, type[_Asked]] = {
    "context": ForContext,
    "inspect": ForInspection,
    "try_call": ForCall,
    "logs": ForLogs,
    "trace": ForTrace,
    "check": ForCheck,
}
