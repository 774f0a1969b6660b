"""A door, and warnings that are seen."""

import logging

import pytest

from tests.contracts.http_socket import Door


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture(autouse=True)
def warnings_are_seen(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
