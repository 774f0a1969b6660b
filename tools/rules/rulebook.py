"""All rules in one boot: files are read as they come, and compared when all stand."""

import sys
from collections.abc import Iterator, Sequence
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
        self._folder = ""
        self._kept: KeptReadings | None = None
        self._readings: dict[str, Reading] = {}
        self._models: set[str] = set()
        self._warned: set[str] = set()
        self._used: set[tuple[str, Waiver]] = set()

    def check_source(self, file: str) -> list[Finding]:
        """Answer with what is wrong with a plugin's file, and with the models that it would import."""
        reading = self._read(file)
        if reading is None:
            return []
        files = [file, *(self._models_for(file) if reading.needs_models else ())]
        return [finding for one in files for finding in self._told(one)]

    def waivers(self) -> list[Fact]:
        """List what is waived, and why, by file and line."""
        self._migrations()
        return [
            Fact("waiver", _owner(file), waiver.code, waiver.reason, {"file": file, "line": waiver.line})
            for file, reading in sorted(self._readings.items())
            for waiver in reading.waivers
        ]

    def check(self, system: System) -> list[Finding]:
        """Answer with what is wrong with all that stands together."""
        if self._root is None or self._kept is None:  # no plugin has a file
            return []
        from tools.rules.standing.tool_imports import tool_imports

        found = [*tool_imports(self._root, self._kept), *self._standing(system)]
        self._kept.save()
        return sorted(set(found), key=lambda one: (one.file, one.line, one.code, one.message))

    def _told(self, file: str) -> Iterator[Finding]:
        """Yield a file's own findings; warnings once, errors for each plugin that they keep from running."""
        for finding in self._unwaived(file, self._readings[file].findings):
            if finding.is_error or file not in self._warned:
                yield finding
        self._warned.add(file)

    def _models_for(self, file: str) -> list[str]:
        """Read a domain's models, a file or a package, and name those that are there."""
        domain = PurePath(*PurePath(file).parts[:2])
        found = [one for one in (str(domain / "models.py"), str(domain / "models" / "__init__.py")) if self._read(one)]
        self._models.update(found)
        return found

    def _migrations(self) -> list[str]:
        """Read the domains' migrations, and name them."""
        if self._root is None:  # no plugin has a file
            return []
        sql = self._root.glob(f"{self._folder}/[!_.]*/migrations/*.sql")
        return [file for path in sql if self._read(file := str(path.relative_to(self._root)))]

    def _unwaived(self, file: str, findings: Sequence[Finding]) -> Sequence[Finding]:
        if not findings:
            return findings
        waivers = self._readings[file].waivers if file in self._readings else ()
        left = list[Finding]()
        for finding in findings:
            waiver = next((one for one in waivers if one.covers(finding)), None)
            if waiver is None:
                left.append(finding)
            else:
                self._used.add((file, waiver))
        return left

    def _standing(self, system: System) -> Iterator[Finding]:
        from tools.rules.standing.awaits import awaits
        from tools.rules.standing.events import events
        from tools.rules.standing.table_owners import table_owners

        plugins = [part.file for part in system.plugins if part.state == "ready" and part.file in self._readings]
        files = sorted({*plugins, *self._models, *self._migrations()})
        stand = Stand({file: self._readings[file] for file in files}, system.tools)
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

    def _read(self, file: str) -> Reading | None:
        """Read a file once a boot; None for one that is not there, or is no Python, as its import will say."""
        if file not in self._readings:
            self._root = self._root or _root_of(file)
            if self._root is None:
                return None
            self._folder = self._folder or PurePath(file).parts[0]
            self._kept = self._kept or KeptReadings(self._root / self._folder)
            try:
                with open(f"{self._root}/{file}", "rb", buffering=0) as opened:  # a pathlib.Path costs as much again
                    content = opened.read()
                if (reading := self._kept.get(key := key_of(file, content))) is None:
                    from tools.rules.source.read import read, read_sql

                    reading = (read_sql if file.endswith(".sql") else read)(file, content)
                    self._kept.put(key, reading)
            except (OSError, SyntaxError, ValueError, RecursionError):
                return None
            self._readings[file] = reading
        return self._readings[file]


def _root_of(file: str) -> Path | None:
    """Find the project as Python does, which will import the file from there."""
    return next((Path(entry).absolute() for entry in sys.path if Path(entry, file).is_file()), None)


def _owner(file: str) -> str:
    """Name the plugin, or the domain, whose file this is."""
    parts = PurePath(file).parts
    return f"{parts[1]}.{PurePath(file).stem}" if parts[2] == "plugins" else parts[1]
