"""What a plugin may ask of `db`, the values that it gives, and the errors that it raises."""

from tools.db.contract.db import CoreStatement, Db, Params, Sql, register_migrations
from tools.db.contract.errors import (
    CheckError,
    ConstraintError,
    DbError,
    ForeignKeyError,
    MigrationError,
    NotNullError,
    OutOfRangeError,
    ParameterError,
    QueryTimeoutError,
    SerializationError,
    Unavailable,
    UniqueError,
    UnitClosedError,
    UnknownOutcomeError,
)
from tools.db.contract.schema import Column, ForeignKey, Migration, Table

__all__ = [
    "CheckError",
    "Column",
    "ConstraintError",
    "CoreStatement",
    "Db",
    "DbError",
    "ForeignKey",
    "ForeignKeyError",
    "Migration",
    "MigrationError",
    "NotNullError",
    "OutOfRangeError",
    "ParameterError",
    "Params",
    "QueryTimeoutError",
    "SerializationError",
    "Sql",
    "Table",
    "Unavailable",
    "UniqueError",
    "UnitClosedError",
    "UnknownOutcomeError",
    "register_migrations",
]

USUAL = ("Migration", "UniqueError", "ForeignKeyError")
"""What features usually import from here; the manifest names it."""
