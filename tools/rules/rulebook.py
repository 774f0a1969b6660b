"""All rules in one boot: files are read as they come, and compared when all stand."""

import hashlib
import sys
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path, PurePath

from hookspecs import Fact, Finding, System
from tools.rules.codes import CODES
from tools.rules.kept_readings import KeptReadings, key_of
from tools.rules.reading import Reading, Waiver
from tools.rules.standing.stand import Stand


class Rulebook:
    """What was read in this boot."""

    def __init__(self) -> None:
        self._root: Path | None = None
        self._kept: KeptReadings | None = None
        self._readings: dict[str, Reading] = {}
        self._warned: set[str] = set()
        self._used: set[tuple[str, Waiver]] = set()

    def check_source(self, file: str) -> list[Finding]:
        """Answer with what is wrong with a plugin's file, and with the models that it would import."""
        reading = self._read(file)
        if reading is None:
            return []
        models = _models_of(file) if reading.needs_models else []
        return [finding for one in [file, *models] for finding in self._told(one)]

    def waivers(self) -> list[Fact]:
        """List what is waived, and why, by file and line."""
        return [
            Fact("waiver", _owner(file), waiver.code, waiver.reason, {"file": file, "line": waiver.line})
            for file, reading in sorted(self._readings.items())
            for waiver in reading.waivers
        ]

    def check(self, system: System) -> list[Finding]:
        """Answer with what is wrong with all that stands together."""
        found = [*self._tools(), *self._standing(system)]
        if self._kept is not None:
            self._kept.save()
        return sorted(set(found), key=lambda one: (one.file, one.line, one.code, one.message))

    def _told(self, file: str) -> Iterator[Finding]:
        """Yield a file's own findings; warnings once, errors for each plugin that they keep from running."""
        reading = self._read(file)
        for finding in self._unwaived(file, reading.findings) if reading else ():
            if finding.is_error or file not in self._warned:
                yield finding
        self._warned.add(file)

    def _unwaived(self, file: str, findings: Iterable[Finding]) -> list[Finding]:
        waivers = self._readings[file].waivers if file in self._readings else []
        left = list[Finding]()
        for finding in findings:
            waiver = next((one for one in waivers if one.covers(finding)), None)
            if waiver is None:
                left.append(finding)
            else:
                self._used.add((file, waiver))
        return left

    def _standing(self, system: System) -> Iterator[Finding]:
        if self._root is None:
            return
        from tools.rules.standing.awaits import awaits
        from tools.rules.standing.events import events
        from tools.rules.standing.table_owners import table_owners

        plugins = [part.file for part in system.plugins if part.state == "ready" and part.file in self._readings]
        models = [one for file in plugins for one in _models_of(file) if one in self._readings]
        files = sorted({*plugins, *models})
        folder = PurePath(files[0]).parts[0] if files else ""
        stand = Stand(self._root, folder, {file: self._readings[file] for file in files}, system.tools)
        for rule in (awaits, events, table_owners):
            for finding in rule(stand):
                yield from self._unwaived(finding.file, [finding])
        for file in files:
            yield from self._idle(file)

    def _idle(self, file: str) -> Iterator[Finding]:
        """Yield a finding for each waiver that has no reason, waives nothing, or names no rule."""
        for one in self._readings[file].waivers:
            if one.code not in CODES:
                near = "".join(f"did you mean {name}? " for name in get_close_matches(one.code, CODES, n=1))
                code, text = "waiver-unknown", f"no rule is called {one.code!r}: {near}(rules: {', '.join(CODES)})"
            elif not one.reason:
                code, text = "waiver-reason", f"{one.code} is waived without a reason: write it after the code"
            elif (file, one) not in self._used:
                code, text = "waiver-idle", f"nothing here breaks {one.code}: delete the waiver"
            else:
                continue
            yield Finding(code, text, file, one.line, is_error=False)

    def _tools(self) -> Iterator[Finding]:
        if self._root is None or self._kept is None:
            return
        for path in sorted(self._root.glob("tools/[!_.]*/")):
            content = hashlib.sha256()
            for file in sorted(path.rglob("*.py")):
                content.update(b"%s\0%s\0" % (str(file.relative_to(path)).encode(), file.read_bytes()))
            key = f"{path.name} {content.hexdigest()}"
            if (reading := self._kept.get(key)) is None:
                from tools.rules.standing.tool_imports import read_tool

                reading = read_tool(self._root, path)
                self._kept.put(key, reading)
            yield from reading.findings

    def _read(self, file: str) -> Reading | None:
        """Read a file once a boot; None for one that is not there, or is no Python, as its import will say."""
        if file not in self._readings:
            self._root = self._root or _root_of(file)
            if self._root is None:
                return None
            self._kept = self._kept or KeptReadings(self._root / PurePath(file).parts[0])
            try:
                content = (self._root / file).read_bytes()
                if (reading := self._kept.get(key := key_of(file, content))) is None:
                    from tools.rules.source.read import read

                    reading = read(file, content)
                    self._kept.put(key, reading)
            except (OSError, SyntaxError, ValueError, RecursionError):
                return None
            self._readings[file] = reading
        return self._readings[file]


def _root_of(file: str) -> Path | None:
    """Find the project as Python does, which will import the file from there."""
    return next((Path(entry).absolute() for entry in sys.path if Path(entry, file).is_file()), None)


def _models_of(file: str) -> list[str]:
    domain = PurePath(*PurePath(file).parts[:2])
    return [str(domain / "models.py"), str(domain / "models" / "__init__.py")]


def _owner(file: str) -> str:
    """Name the plugin, or the domain, whose file this is."""
    parts = PurePath(file).parts
    return f"{parts[1]}.{PurePath(file).stem}" if parts[2] == "plugins" else parts[1]
