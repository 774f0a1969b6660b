"""A throwaway project for each test."""

from pathlib import Path

import pytest

from tests.kernel.throwaway import Project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.syspath_prepend(tmp_path)
    return Project(tmp_path)
