"""All rules on one file, in turn."""

from itertools import chain

from tools.rules.reading import Reading
from tools.rules.source.at_import import at_import
from tools.rules.source.blocking import blocking
from tools.rules.source.classes import duplicates, plugins, shadowed
from tools.rules.source.events import heard, mentioned, sent
from tools.rules.source.imports import imports, needs_models
from tools.rules.source.source import Source
from tools.rules.source.sql_tables import created, written
from tools.rules.source.sql_text import sql_text
from tools.rules.source.tables import tables
from tools.rules.source.uses import uses
from tools.rules.source.waivers import sql_waivers, waivers

RULES = (imports, plugins, at_import, duplicates, shadowed, blocking, sql_text)


def read_sql(file: str, content: bytes) -> Reading:
    """Read a migration, for the tables that it creates, and those that it changes."""
    text = content.decode("utf-8", "replace")
    return Reading(creates=tuple(created(text)), writes=tuple(written(text)), waivers=tuple(sql_waivers(text)))


def read(file: str, content: bytes) -> Reading:
    """Read a plugin's file or a domain's models.

    Raises:
        SyntaxError: it is no Python; ValueError: nor text.
    """
    source = Source(file, content)
    found = chain.from_iterable(rule(source) for rule in RULES)
    creates, writes = tables(source)
    return Reading(
        findings=tuple(sorted(set(found), key=lambda one: (one.line, one.code))),
        waivers=tuple(waivers(source)),
        uses=tuple(uses(source)),
        sent=tuple(sent(source)),
        heard=tuple(heard(source)),
        mentioned=tuple(mentioned(source)),
        creates=tuple(creates),
        writes=tuple(writes),
        needs_models=needs_models(source),
    )
