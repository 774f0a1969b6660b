"""Readings are kept by content: what changed is read anew, and no state of the disk breaks a boot."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

import asgi
from tests.tools.rules.seeded import Seeded
from tests.tools.rules.seeds import BOOT, FILE, imports, plugin

WARNS = imports("import os\nKEY = os.getenv('KEY')")


def kept(project: Seeded) -> Path:
    (file,) = (project.root / project.folder / "__pycache__").glob("rules.*.json")
    return file


async def test_a_boot_finds_in_what_was_kept_what_it_found_in_the_source(tmp_path: Path) -> None:
    project = Seeded(tmp_path, WARNS)
    first, file = await project.boot(), kept(project)
    written = file.stat().st_mtime_ns, file.read_bytes()

    again = await project.boot()

    assert again.seen == first.seen
    assert len(again.seen) == 1
    assert (file.stat().st_mtime_ns, file.read_bytes()) == written


async def test_a_finding_comes_from_what_was_kept(tmp_path: Path) -> None:
    project = Seeded(tmp_path, WARNS)
    await project.boot()
    kept(project).write_text(kept(project).read_text().replace("the environment is read", "kept"))

    assert "kept when the file is imported" in (await project.boot()).findings[0].message


async def test_what_changed_is_read_anew_and_what_is_gone_is_forgotten(tmp_path: Path) -> None:
    project = Seeded(tmp_path, {**WARNS, "mail/plugins/other.py": plugin(BOOT)})
    await project.boot()
    project.write(FILE, plugin(BOOT))
    (tmp_path / project.folder / "mail/plugins/other.py").unlink()

    changed = await project.boot()

    assert changed.findings == []
    assert "other.py" not in kept(project).read_text()
    assert kept(project).read_text().count(FILE) == 1


async def test_a_copy_of_a_file_elsewhere_is_read_by_where_it_stands(tmp_path: Path) -> None:
    source = plugin(BOOT, "from domains.users.models import User")
    project = Seeded(tmp_path, {FILE: source, "mail/plugins/feature.py": source})

    await project.boot()
    found = await project.boot()

    assert [one.file for one in found.findings if one.is_error] == [f"{project.folder}/mail/plugins/feature.py"]


@pytest.mark.parametrize(
    "garbage", [b"", b"\0" * 100, b'["', b'["x", {}]', b'["x", {"a": [1]}]', b"[" * 100_000], ids=range(6)
)
async def test_garbage_is_read_over(garbage: bytes, tmp_path: Path) -> None:
    project = Seeded(tmp_path, WARNS)
    await project.boot()
    whole = kept(project).read_bytes()
    kept(project).write_bytes(garbage)

    found = await project.boot()

    assert len(found.findings) == 1
    assert kept(project).read_bytes() == whole


async def test_what_older_rules_found_is_not_believed(tmp_path: Path) -> None:
    project = Seeded(tmp_path, WARNS)
    await project.boot()
    text = kept(project).read_text()
    kept(project).write_text(text.replace(text[2:66], "0" * 64).replace("the environment is read", "kept"))

    assert "kept" not in (await project.boot()).findings[0].message


async def test_where_nothing_can_be_written_everything_is_read_each_time(tmp_path: Path) -> None:
    project = Seeded(tmp_path, WARNS)
    folder = tmp_path / project.folder / "__pycache__"
    folder.write_text("a file, where a folder has to be")

    first, again = await project.boot(), await project.boot()

    assert first.seen == again.seen
    assert folder.read_text() == "a file, where a folder has to be"


@pytest.mark.slow
async def test_processes_that_boot_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    project = Seeded(tmp_path, {f"users/plugins/f{number}.py": plugin(BOOT) for number in range(30)})
    code = (
        "import asyncio, sys; from pathlib import Path; sys.path[:0] = sys.argv[1:3]\n"
        "from tests.tools.rules.seeded import boot_at\n"
        "for _ in range(5): asyncio.run(boot_at(Path(sys.argv[1]), sys.argv[3]))\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path), str(asgi.ROOT), project.folder]
    running = [subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) for _ in range(4)]

    ends = [await asyncio.to_thread(one.communicate) for one in running]

    assert [(one.returncode, end[1]) for one, end in zip(running, ends, strict=True)] == [(0, b"")] * 4
    assert [one.name for one in kept(project).parent.glob("rules.*")] == [kept(project).name]
    assert kept(project).read_text().count("users/plugins/f") == 30
