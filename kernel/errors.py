"""What a boot can find wrong, in words: who, what, and what to do; all of one boot shown together."""

import re
import traceback
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from hookspecs import Part


class Problem(Exception):  # noqa: N818 (one entry of a BootError)
    """One thing wrong."""


class BootError(ExceptionGroup[Exception]):
    """The boot stopped; `exceptions` is everything that it found."""

    def __str__(self) -> str:
        lines = [f"\n  {number}. {problem}" for number, problem in enumerate(self.exceptions, 1)]
        return f"the boot stopped on {len(lines)} error{'s' if len(lines) > 1 else ''}:{''.join(lines)}"


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
    lines = [(Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    lines += [(Path(error.filename or ""), error.lineno)] if isinstance(error, SyntaxError) else []
    # neither the kernel's own lines nor those of packages: who wrote the others can correct them
    ours = [at for at in lines if root in at[0].parents and not {"kernel", ".venv"} & {*at[0].relative_to(root).parts}]
    return f" (at {ours[-1][0].relative_to(root)}:{ours[-1][1]})" if ours else ""


def explain(part: Part, step: str, error: BaseException, root: Path) -> Exception:
    """Say what failed in a `step` (a hook, an import, a set-up) of a part."""
    if isinstance(error, Problem | BootError):
        return error
    if setting := re.fullmatch(r"(.*) - at `\$\.([A-Z][A-Z0-9_]*)`", str(error)):  # so msgspec names a field
        return Problem(f"{part}: setting {setting[2]} is of the wrong type: {setting[1]}: correct the environment")
    what = f"{type(error).__name__}: {getattr(error, 'msg', error)}{place(error, root)}"
    remedy = ": correct that line, or delete the file" if step == "import" else ""
    return Problem(f"{part}: {step} failed: {what}{remedy}")
