"""A client that is not installed: the error names the extra."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "client", "scheme", "package"),
    [("rabbitmq", "aiormq", "amqp", "aiormq"), ("kafka", "aiokafka", "kafka", "aiokafka")],
)
def test_a_client_that_is_not_installed_is_told_by_the_name_of_its_extra(
    module: str, client: str, scheme: str, package: str
) -> None:
    code = f"import sys; sys.modules[{client!r}] = None; import tools.event_bus.brokers.{module}"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    last = ended.stderr.splitlines()[-1]
    assert last == f'RuntimeError: EVENT_BUS_URL={scheme}:// needs {package}: .venv/bin/pip install ".[{module}]"'
