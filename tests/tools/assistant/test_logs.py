"""The log as an assistant reads it."""

import logging

import asgi
from tests.tools.assistant.asking import ask

LOG = logging.getLogger("somebody")


async def test_records_come_with_the_newest_last_and_without_secrets() -> None:
    async with asgi.running({"LOG_LEVEL": "INFO"}) as client:
        LOG.info("one", extra={"fields": {"user_id": 7, "password": "hunter2hunter2"}})
        LOG.warning("two\nforged line with Bearer abcdefghijkl")
        told = await ask(client, "logs", budget=600)

    ours = [line for line in told.text.splitlines() if " somebody " in line]
    assert [line.partition(" ")[2] for line in ours] == [
        "info somebody one user_id=7 password=[redacted]",
        "warning somebody two\\nforged line with Bearer [redacted]",
    ]


async def test_records_are_chosen_by_level_and_time() -> None:
    async with asgi.running({"LOG_LEVEL": "INFO"}) as client:
        LOG.warning("before")
        told = await ask(client, "logs")
        since = next(line for line in told.text.splitlines() if line.endswith("before")).partition(" ")[0]
        LOG.info("aside")
        LOG.error("after")
        later = await ask(client, "logs", since=since, level="error")
        wrong = await ask(client, "logs", since="yesterday")

    assert [line.rpartition(" ")[2] for line in later.text.splitlines()] == ["after"]
    assert wrong.is_error
    assert "give an ISO time" in wrong.text


async def test_the_oldest_are_left_out_where_the_budget_is_small() -> None:
    async with asgi.running({"LOG_LEVEL": "INFO"}) as client:
        for number in range(50):
            LOG.info("record %d of many that are written here", number)
        told = await ask(client, "logs", budget=100)

    lines = told.text.splitlines()
    assert lines[0] == "(older ones are left out)"
    assert lines[-1].endswith("record 49 of many that are written here")
    assert 2 <= len(lines) <= 6
