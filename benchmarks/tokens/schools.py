"""The five schools, and the stages of each: the app as it was, with the first feature, with the second."""

import shutil
from difflib import SequenceMatcher
from pathlib import Path
from typing import Literal, NamedTuple

Stage = Literal["base", "register", "block"]

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
STAGES: tuple[Stage, ...] = ("base", "register", "block")
FEATURES: dict[Stage, str] = {"register": "register a user", "block": "block a user"}
# what the app of our own school runs on: the repository's own, and its domain `system` as it is shipped
KERNEL = ("asgi.py", "hookspecs.py", "kernel", "manifest", "tools", "domains/system")


class School(NamedTuple):
    """One way to build the app."""

    name: str
    title: str
    app: str
    """What uvicorn serves."""
    is_factory: bool = True


SCHOOLS = {
    school.name: school
    for school in (
        School("ours", "this repository, the slice for the task", "asgi:app", is_factory=False),
        School("vertical_slice", "vertical slice", "app.main:create_app"),
        School("n_layer", "N-layer", "app.main:create_app"),
        School("hexagonal", "hexagonal", "app.main:create_app"),
        School("clean_architecture", "clean architecture", "app.main.run:create_app"),
    )
}


def files(school: str, stage: Stage) -> dict[str, Path]:
    """Map each file that is written for the app, by its path in it, to where its text of this stage is kept.

    A later stage lies over the earlier ones. What our own school runs on is not among them.
    """
    found: dict[str, Path] = {}
    for each in STAGES[: STAGES.index(stage) + 1]:
        folder = FOLDER / school / each
        found |= {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.*")) if _is_source(path)}
    return found


def touched(school: str, stage: Stage) -> dict[str, Path]:
    """Map the files that a feature adds or changes to what they are with it."""
    folder = FOLDER / school / stage
    return {path: source for path, source in files(school, stage).items() if source.is_relative_to(folder)}


def written(school: str, stage: Stage) -> dict[str, str]:
    """Map the files that a feature adds or changes to the lines that are new or changed: all, where there was none."""
    old = files(school, before(stage))
    return {path: _new_lines(old.get(path), source) for path, source in touched(school, stage).items()}


def before(stage: Stage) -> Stage:
    """Name the stage that a feature begins from."""
    return STAGES[STAGES.index(stage) - 1]


def compose(school: str, stage: Stage, folder: Path) -> Path:
    """Write the whole app at a stage into an empty folder, where it can run."""
    for path, source in files(school, stage).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, folder / path)
    for name in KERNEL if school == "ours" else ():
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


def _new_lines(old: Path | None, new: Path) -> str:
    lines = new.read_text().splitlines(keepends=True)
    was = old.read_text().splitlines(keepends=True) if old else []
    changes = SequenceMatcher(None, was, lines, autojunk=False).get_opcodes()
    return "".join("".join(lines[start:end]) for kind, _, _, start, end in changes if kind in ("insert", "replace"))


def _is_source(path: Path) -> bool:
    return path.suffix in (".py", ".sql")
