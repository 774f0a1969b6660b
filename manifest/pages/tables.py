"""`python -m manifest tables`: every table in full, by domain."""

from hookspecs import System
from manifest.feature import domain_names, domain_of, in_order
from manifest.plain_text import plain
from manifest.table_line import table_line


def render_tables(system: System) -> str:
    """Render them; a table that no domain's migration made stands under its owner."""
    names = domain_names(system)
    homes: dict[str, list[str]] = {}
    for fact in in_order(system):
        if fact.kind == "table":
            homes.setdefault(domain_of(fact.owner, names) or fact.owner, []).append(f"- {table_line(fact)}")
    sections = ["\n".join([f"## {plain(home)}", "", *lines]) for home, lines in sorted(homes.items())]
    return "\n\n".join(["# Tables", *(sections or ["There are none."])]) + "\n"
