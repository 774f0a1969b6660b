"""asyncpg's names for a connection, and for there being no answer on it."""

import asyncpg
from asyncpg.exceptions import CannotConnectNowError, InternalClientError

Raw = asyncpg.Connection

LOST = (
    OSError,
    TimeoutError,
    InternalClientError,
    asyncpg.InterfaceError,
    asyncpg.ConnectionDoesNotExistError,
    CannotConnectNowError,
)
