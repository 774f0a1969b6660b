"""What is kept of a file that was read: findings that it alone gives, and what the rules on all files together need."""

from msgspec import Struct

from hookspecs import Finding


class Waiver(Struct, frozen=True, array_like=True):
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


class Use(Struct, frozen=True, array_like=True):
    """A call of a tool's method whose result is not awaited, in a place where only a value makes sense."""

    tool: str
    method: str
    line: int


class Sent(Struct, frozen=True, array_like=True):
    """A call of `publish` or `request`."""

    call: str
    event: str
    """With `*` for what is not known; empty where `event_name` has to be looked up."""
    event_name: str
    line: int
    fields: list[str] | None
    """None where `payload_name`, a type, has to be looked up, or where nothing is known."""
    payload_name: str


class Heard(Struct, frozen=True, array_like=True):
    """A call of `subscribe` or `reply`."""

    call: str
    event: str
    event_name: str
    line: int
    payload_name: str
    reads: list[tuple[str, int]]
    """The keys that the callback takes out of a dict, and the lines where."""


class Reading(Struct, frozen=True, array_like=True):
    """One file, read."""

    findings: list[Finding] = []
    waivers: list[Waiver] = []
    uses: list[Use] = []
    sent: list[Sent] = []
    heard: list[Heard] = []
    mentioned: list[str] = []
    """Texts handed to tools, which may be names of events."""
    creates: list[tuple[str, int]] = []
    """Tables, and where."""
    writes: list[tuple[str, int]] = []
    needs_models: bool = False
