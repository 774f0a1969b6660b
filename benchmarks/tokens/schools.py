"""The five schools, and the stages of each: the app as it was, with the first feature, with the second."""

import shutil
from pathlib import Path
from typing import Literal, NamedTuple

Stage = Literal["base", "register", "block"]

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
STAGES: tuple[Stage, ...] = ("base", "register", "block")
FEATURES: dict[Stage, str] = {"register": "register a user", "block": "block a user"}
# what the app of our own school runs on: the repository's own, and its domain of the system as it is shipped
KERNEL = ("asgi.py", "hookspecs.py", "kernel", "manifest", "tools", "domains/system")


class School(NamedTuple):
    """One way to build the app."""

    name: str
    title: str
    app: str
    """What uvicorn serves."""
    arguments: tuple[str, ...] = ()
    """What uvicorn is told besides."""

    @property
    def folder(self) -> Path:
        return FOLDER / self.name


SCHOOLS = {
    school.name: school
    for school in (
        School("ours", "this repository", "asgi:app"),
        School("vertical_slice", "vertical slice", "app.main:create_app", ("--factory",)),
        School("n_layer", "N-layer", "app.main:create_app", ("--factory",)),
        School("hexagonal", "hexagonal", "app.main:create_app", ("--factory",)),
        School("clean_architecture", "clean architecture", "app.main.run:create_app", ("--factory",)),
    )
}


def files(school: str, stage: Stage) -> dict[str, Path]:
    """Map each file of the app at a stage, by its path in it, to where its text is kept: later stages lie over earlier.

    Without the files of the kernel, which nobody writes for a feature.
    """
    found = {}
    for each in STAGES[: STAGES.index(stage) + 1]:
        folder = FOLDER / school / each
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix in (".py", ".sql"):
                found[path.relative_to(folder).as_posix()] = path
    return found


def touched(school: str, stage: Stage) -> list[str]:
    """List the files that a feature adds or changes."""
    folder = FOLDER / school / stage
    return [path for path, source in files(school, stage).items() if source.is_relative_to(folder)]


def before(stage: Stage) -> Stage:
    """Name the stage that a feature begins from."""
    return STAGES[STAGES.index(stage) - 1]


def compose(school: str, stage: Stage, folder: Path) -> Path:
    """Write the whole app at a stage into an empty folder, from where it runs."""
    for path, source in files(school, stage).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, folder / path)
    if school == "ours":
        for name in KERNEL:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(
                ROOT / name,
                folder / name,
                **({"ignore": shutil.ignore_patterns("__pycache__")} if (ROOT / name).is_dir() else {}),
            )
    return folder
