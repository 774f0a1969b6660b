"""What a boot can find wrong, in words: who, what, and what to do; all of one boot shown together."""

import re
import traceback
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

from hookspecs import Finding, Part


class Problem(Exception):  # noqa: N818 (one entry of a BootError)
    """One thing wrong."""


class BootError(Exception):
    """The boot stopped; `problems` is everything that it found."""

    def __init__(self, problems: Sequence[Exception]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        count = f"{len(self.problems)} error{'s' if len(self.problems) > 1 else ''}"
        return f"the boot stopped on {count}:" + "".join(f"\n  {n}. {one}" for n, one in enumerate(self.problems, 1))


def guess(name: str, known: Iterable[str], kind: str) -> str:
    """Say what was meant, and what there is.

    >>> guess("clok", ["db", "clock"], "offered")
    "did you mean 'clock'? (offered: clock, db)"
    >>> guess("zzz", ["db"], "offered")
    'use one of these (offered: db)'
    """
    advice = "".join(f"did you mean {near!r}?" for near in get_close_matches(name, sorted(known), n=1))
    return f"{advice or 'use one of these'} ({kind}: {', '.join(sorted(known)) or 'none'})"


def place(error: BaseException, root: Path) -> str:
    """Answer ` (at file:line)`, the deepest line of the project itself that led to `error`, or an empty string."""
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    frames += [(error.filename, error.lineno)] if isinstance(error, SyntaxError) and error.filename else []
    inside = [(Path(name).relative_to(root), line) for name, line in frames if Path(name).is_relative_to(root)]
    ours = [f" (at {path}:{line})" for path, line in inside if not {"site-packages", "kernel"} & {*path.parts}]
    return ours[-1] if ours else ""


def explain(who: Part, step: str, error: BaseException, root: Path) -> Exception:
    """Say what failed in a `step` (a hook, an import, a set-up) of a part."""
    if isinstance(error, Problem | BootError):
        return error
    if setting := re.fullmatch(r"(.*) - at `\$\.([A-Z][A-Z0-9_]*)`", str(error)):  # so msgspec names a field
        return Problem(f"{who}: setting {setting[2]} is of the wrong type: {setting[1]}: correct the environment variable")
    what = f"{type(error).__name__}: {getattr(error, 'msg', error)}{place(error, root)}"
    if step == "import":
        return Problem(f"{who} does not import: {what}: correct that line, or delete the file")
    return Problem(f"{who}: {step} failed: {what}")


def broken(findings: Iterable[Finding]) -> list[Problem]:
    """Put those findings that are errors into words."""
    return [Problem(f"{one.file}:{one.line}: {one.message} [{one.code}]") for one in findings if one.is_error]
