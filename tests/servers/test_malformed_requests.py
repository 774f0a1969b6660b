"""Bytes that are no good request: refused by the protocol, or by the app where the server is another."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.servers.malformed import CASES, GOOD, LET_THROUGH
from tests.servers.project import Project, Served, served
from tests.servers.raw_client import Talk, get, talk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]
ONE = get("/health/live", "Connection: close")
REFUSED = {400, 413, 414, 431, 501, 505}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("malformed"))


@pytest.fixture(scope="module")
def server(project: Project) -> Iterator[Served]:
    with served(project) as server:
        yield server


@pytest.mark.parametrize("name", CASES)
async def test_it_is_refused_with_a_problem_and_the_connection_is_closed(server: Served, name: str) -> None:
    case = CASES[name]

    answer, next_one = await talk(server.port, case.data), await talk(server.port, ONE)

    assert (answer.statuses, answer.is_closed) == ([case.status], True), answer.received
    head, _, body = answer.received.lower().partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    assert b"\r\nserver:" not in head
    assert body.startswith(b'{"type":"about:blank","title":"')
    assert next_one.statuses == [200]


@pytest.mark.parametrize("name", CASES)
async def test_good_requests_before_it_are_answered_and_nothing_after_it(server: Served, name: str) -> None:
    answer = await talk(server.port, GOOD + GOOD + CASES[name].data + GOOD)

    assert answer.statuses in ([200, 200], [200, 200, CASES[name].status])
    assert answer.is_closed


async def test_nothing_of_it_is_an_error_of_the_server(server: Served) -> None:
    await asyncio.gather(*(talk(server.port, case.data) for case in CASES.values()))

    assert "Traceback" not in server.text()
    assert '"level": "error"' not in server.text()


@pytest.mark.parametrize("http", LET_THROUGH)
async def test_what_another_protocol_lets_through_is_known_and_harmless(project: Project, http: str) -> None:
    with served(project, "--http", http) as server:
        answers = await asyncio.gather(*(talk(server.port, case.data) for case in CASES.values()))
        next_one = await talk(server.port, ONE)

    passed = {name for name, answer in zip(CASES, answers, strict=True) if not _is_refused(answer)}
    assert passed == LET_THROUGH[http]
    assert not [status for answer in answers for status in answer.statuses if status in (500, 502, 503)]
    assert next_one.statuses == [200]


def _is_refused(answer: Talk) -> bool:
    return not REFUSED.isdisjoint(answer.statuses)
