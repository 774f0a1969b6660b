"""What plugins may call on `logger`."""

from typing import Protocol, Self


class Logger(Protocol):
    """One line a record, with the ids of the request or the event that runs; secrets are redacted.

    Control characters are escaped. Fields named like a password, a token, a secret, an authorization or a cookie are
    written as `[redacted]`, and so are bearer tokens, JWTs and passwords in URLs, wherever they stand.
    """

    def debug(self, message: str, /, **fields: object) -> None:
        """Log what helps to find a fault, and is not written by default."""
        ...

    def info(self, message: str, /, **fields: object) -> None:
        """Log what happened as it should.

        Args:
            message: what happened, always in the same words: `"user created"`.
            fields: what it happened to, by name: `user_id=7`. Anything: what is not JSON is written as its `repr`.
        """
        ...

    def warning(self, message: str, /, **fields: object) -> None:
        """Log what somebody should look at, one day."""
        ...

    def error(self, message: str, /, **fields: object) -> None:
        """Log what failed."""
        ...

    def exception(self, message: str, /, **fields: object) -> None:
        """Log what failed, with the traceback of the error that is being handled."""
        ...

    def bind(self, **fields: object) -> Self:
        """Give back a logger that has these fields in all its records, and leave this one as it is."""
        ...
