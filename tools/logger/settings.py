"""What can be set about logs."""

from typing import Annotated, Literal

from msgspec import Meta, Struct


class LoggerSettings(Struct, frozen=True, rename="upper", kw_only=True):
    """Read from the environment; the table of settings in the documentation is made from it."""

    env: Annotated[str, Meta(description="any word but this means JSON, on a terminal too")] = "development"
    log_format: Annotated[
        Literal["auto", "console", "json"],
        Meta(description="auto is console in development where stderr is a terminal, and json elsewhere"),
    ] = "auto"
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], Meta(description="the lowest level that is written")
    ] = "INFO"
