"""benchmarks/tokens: each school is real and well kept, the rule of counting is kept, and README tells what is true."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.tokens.counting import Cost, cost, tokens
from benchmarks.tokens.reading import IN_MANIFEST, LIBRARIES, NEIGHBOURS, imports, to_read
from benchmarks.tokens.schools import FEATURES, FOLDER, ROOT, SCHOOLS, Stage, before, compose, files, touched, written
from benchmarks.tokens.table import BEGIN, README, refreshed

FEATURES_OF_ALL = [(school, stage) for school in SCHOOLS for stage in FEATURES]
OWN = ("app", "domains", "tests")
every_feature = pytest.mark.parametrize(("school", "stage"), FEATURES_OF_ALL)


def run(folder: Path, *arguments: str) -> None:
    """Run a module of Python in a folder; what it says is the message where it fails."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=170
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.timeout(180)
@every_feature
def test_the_app_passes_its_own_tests(school: str, stage: Stage, tmp_path: Path) -> None:
    options = ("asyncio_mode=auto", "asyncio_default_fixture_loop_scope=function")
    overrides = [word for option in options for word in ("-o", option)]

    run(compose(school, stage, tmp_path), "pytest", "-c", "/dev/null", "--rootdir", ".", "-q", "-W", "error",
        "-p", "no:cacheprovider", "--import-mode=importlib", *overrides, "tests")  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(180)
@every_feature
def test_the_app_passes_strict_mypy(school: str, stage: Stage, tmp_path: Path) -> None:
    checked = ("domains/users", "domains/notifications", "tests") if school == "ours" else ("app", "tests")

    run(compose(school, stage, tmp_path), "mypy", "--config-file", str(ROOT / "pyproject.toml"),
        "--cache-dir", str(ROOT / ".mypy_cache" / "tokens"), *checked)  # fmt: skip


def test_all_apps_pass_ruff_with_the_repositorys_rules() -> None:
    run(ROOT, "ruff", "check", "benchmarks/tokens")
    run(ROOT, "ruff", "format", "--check", "benchmarks/tokens")


@pytest.mark.parametrize("school", SCHOOLS)
def test_a_school_says_which_template_it_follows(school: str) -> None:
    text = (FOLDER / school / "README.md").read_text()

    assert "Follows" in text
    assert school == "ours" or "https://github.com/" in text


@every_feature
def test_a_feature_changes_each_file_that_it_touches_and_has_tests(school: str, stage: Stage) -> None:
    lines = written(school, stage)

    assert [path for path, text in lines.items() if not text.strip()] == []
    assert any(path.startswith("tests/") and "def test_" in text for path, text in lines.items())


@every_feature
def test_each_file_that_is_read_is_there_before_the_feature(school: str, stage: Stage) -> None:
    assert to_read(school, stage).keys() <= files(school, before(stage)).keys()
    assert to_read(school, stage).keys() <= to_read(school, stage, wide=True).keys()


@every_feature
def test_each_neighbour_is_of_a_new_file_and_of_no_test(school: str, stage: Stage) -> None:
    for path, (neighbour, why) in NEIGHBOURS[school, stage].items():
        assert path in touched(school, stage)
        assert path not in files(school, before(stage))
        assert not path.startswith("tests/")
        assert neighbour in files(school, before(stage))
        assert why


@every_feature
def test_all_that_touched_files_import_of_the_project_is_on_the_wide_list(school: str, stage: Stage) -> None:
    known = {*to_read(school, stage, wide=True), *touched(school, stage), *LIBRARIES.get(school, ())}
    modules = {path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in known}
    for path, source in touched(school, stage).items():
        for module, name, _ in imports(source):
            if module.partition(".")[0] in OWN:
                assert module in modules or f"{module}.{name}" in modules, f"{path} imports {module}: {name}"
            elif school == "ours" and (ROOT / module.partition(".")[0]).exists():
                assert module.startswith(IN_MANIFEST), f"{path} imports {module}, which no manifest shows"


def test_only_names_in_written_lines_make_a_module_one_to_read() -> None:
    narrow, wide = (to_read("vertical_slice", "block", wide=wide) for wide in (False, True))

    assert "app/events.py" in wide  # main.py imports it
    assert "app/events.py" not in narrow  # the line that the feature adds to main.py is of something else
    assert narrow["app/security.py"] == "has a name that app/features/block_user.py uses"
    assert narrow["app/main.py"] == "is changed"
    assert narrow["tests/conftest.py"] == "has fixtures of tests/features/test_block_user.py"


def test_a_name_that_a_package_passes_on_leads_to_where_it_is() -> None:
    read = to_read("n_layer", "register")

    assert {"app/models/__init__.py", "app/models/user.py"} <= read.keys()
    assert "app/repositories/base.py" not in read


def test_of_a_changed_file_the_new_lines_are_counted() -> None:
    lines = written("vertical_slice", "block")

    assert lines["app/models.py"] == "    is_blocked: Mapped[bool] = mapped_column(default=False)\n"
    assert tokens("is_blocked") == 2


def test_a_sum_is_what_is_read_and_written() -> None:
    one = Cost(touched=2, tests=1, read=3, tokens_read=100, tokens_of_fixtures=20, tokens_written=30, tokens_more=5)

    assert (one.total, one.of_the_goal) == (130, 110)


@pytest.mark.parametrize("school", [name for name in SCHOOLS if name != "ours"])
def test_a_feature_is_counted_the_same_in_each_run(school: str) -> None:
    assert cost(school, "block") == cost(school, "block")
    assert cost(school, "block").touched == len(touched(school, "block"))


@pytest.mark.slow
def test_the_table_of_the_readme_is_fresh() -> None:
    text = README.read_text()

    assert BEGIN in text
    assert refreshed(text) == text, "README's table is stale: run python -m benchmarks.tokens --write"
