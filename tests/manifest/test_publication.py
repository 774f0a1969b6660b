import logging
from pathlib import Path

import pytest

import manifest
from hookspecs import Finding
from manifest.index import render
from manifest.publication import write_if_changed
from tests.manifest.made_up import FACTS, PLUGINS, system

MADE_UP = system(FACTS, PLUGINS)


def test_the_manifest_is_written_beside_asgi_by_default(tmp_path: Path) -> None:
    manifest.publish(MADE_UP, {}, tmp_path)

    assert (tmp_path / "AI_CONTEXT.md").read_text() == render(MADE_UP, tmp_path, {})


@pytest.mark.parametrize(
    "environ",
    [{"ENV": "production"}, {"MANIFEST_PATH": ""}, {"ENV": "production", "MANIFEST_PATH": ""}],
    ids=["production", "empty", "both"],
)
def test_nothing_is_written_where_nobody_wants_it(environ: dict[str, str], tmp_path: Path) -> None:
    manifest.publish(MADE_UP, environ, tmp_path)

    assert [*tmp_path.iterdir()] == []


def test_a_path_that_is_set_counts_in_production_too(tmp_path: Path) -> None:
    manifest.publish(MADE_UP, {"ENV": "production", "MANIFEST_PATH": str(tmp_path / "here.md")}, tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["here.md"]


def test_the_same_text_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    write_if_changed(path, "same")
    before = path.stat()

    assert not write_if_changed(path, "same")

    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_changed_text_takes_the_place_of_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    write_if_changed(path, "old")
    with path.open() as reader:
        assert write_if_changed(path, "new")

        assert reader.read() == "old"
    assert path.read_text() == "new"
    assert [*tmp_path.iterdir()] == [path]


def test_a_failed_write_leaves_no_draft(tmp_path: Path) -> None:
    (tmp_path / "x.md").mkdir()

    with pytest.raises(OSError, match=r"x\.md"):
        write_if_changed(tmp_path / "x.md", "text")

    assert [path.name for path in tmp_path.iterdir()] == ["x.md"]


def test_a_folder_that_is_not_there_costs_one_warning_and_no_boot(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        manifest.publish(MADE_UP, {"MANIFEST_PATH": str(tmp_path / "gone" / "x.md")}, tmp_path)

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert caplog.messages[0].startswith("the manifest is not written: FileNotFoundError: ")


def test_facts_that_cannot_be_rendered_cost_one_warning_and_no_boot(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    facts = [FACTS[0]._replace(data={"columns": [{}]})]

    manifest.publish(system(facts), {}, tmp_path)

    assert caplog.messages == ["the manifest is not written: KeyError: 'name'"]
    assert [*tmp_path.iterdir()] == []


def test_scratch_settings_point_at_a_folder_that_is_removed() -> None:
    with manifest.scratch() as settings:
        folder = Path(settings["AUTH_SECRET_FILE"]).parent
        Path(folder, "app.db").write_text("")
        assert settings["DATABASE_URL"] == f"sqlite:///{folder}/app.db"

    assert not folder.exists()


def test_scratch_folders_are_never_shared() -> None:
    with manifest.scratch() as one, manifest.scratch() as other:
        assert one["DATABASE_URL"] != other["DATABASE_URL"]


def test_warnings_are_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    warned = system()
    warned.findings = [Finding("few", "too few tools", "a.py", 3, is_error=False)]

    manifest.publish(warned, {"MANIFEST_PATH": ""}, tmp_path)

    assert [one.message for one in caplog.records if one.levelno == logging.WARNING] == ["a.py:3: too few tools [few]"]
