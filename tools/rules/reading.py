"""What is kept of a file that was read: findings that it alone gives, and what the rules on all files together need.

Tuples, and no garbage collection: a thousand files are ten thousand empty lists else, for the collector to walk.
"""

from msgspec import Struct

from hookspecs import Finding


class Waiver(Struct, frozen=True, array_like=True, gc=False):
    """`# rule-ok: <code> <reason>`; it covers the lines of the statement that it stands beside or above."""

    line: int
    code: str
    reason: str
    first_covered: int
    last_covered: int

    def covers(self, finding: Finding) -> bool:
        """Tell whether a finding in the same file is waived."""
        is_beside = self.first_covered <= finding.line <= self.last_covered
        return bool(self.reason) and self.code == finding.code and is_beside


class Use(Struct, frozen=True, array_like=True, gc=False):
    """A call of a tool's method whose result is not awaited, in a place where only a value makes sense."""

    tool: str
    method: str
    line: int


class Sent(Struct, frozen=True, array_like=True, gc=False):
    """A call of `publish` or `request`."""

    call: str
    event: str
    """With `*` for what is not known; empty where `event_name` has to be looked up."""
    event_name: str
    line: int
    fields: tuple[str, ...] | None
    """None where `payload_name`, a type, has to be looked up, or where nothing is known."""
    payload_name: str


class Heard(Struct, frozen=True, array_like=True, gc=False):
    """A call of `subscribe` or `reply`."""

    call: str
    event: str
    event_name: str
    line: int
    payload_name: str
    reads: tuple[tuple[str, int], ...]
    """The keys that the callback takes out of a dict, and the lines where."""


class Reading(Struct, frozen=True, array_like=True, gc=False):
    """One file, read."""

    findings: tuple[Finding, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    uses: tuple[Use, ...] = ()
    sent: tuple[Sent, ...] = ()
    heard: tuple[Heard, ...] = ()
    mentioned: tuple[str, ...] = ()
    """Texts handed to tools, which may be names of events."""
    creates: tuple[tuple[str, int], ...] = ()
    """Tables, and where."""
    writes: tuple[tuple[str, int], ...] = ()
    needs_models: bool = False
