"""Settings on which the app boots without touching anything real."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def scratch() -> Iterator[dict[str, str]]:
    """Yield settings in a temporary folder, removed afterwards: database and key there, no manifest."""
    with TemporaryDirectory(prefix="microcoreos-", ignore_cleanup_errors=True) as folder:
        yield {
            "DATABASE_URL": f"sqlite:///{Path(folder).as_posix()}/app.db",
            "STATE_URL": "memory://",
            "AUTH_SECRET_FILE": str(Path(folder, "auth_secret")),
            # the least that `auth` takes: what OWASP asks for
            "AUTH_ARGON2_MEMORY_KIB": "19456",
            "AUTH_ARGON2_TIME_COST": "2",
            "AUTH_ARGON2_PARALLELISM": "1",
            "HTTP_BLOCKED_LOOP_S": "0",  # a machine that is busy with tests would be told so all the time
            "LOG_LEVEL": "WARNING",
            "MANIFEST_PATH": "",
        }
