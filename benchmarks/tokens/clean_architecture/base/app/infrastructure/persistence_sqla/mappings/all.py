from functools import cache

from app.infrastructure.persistence_sqla.mappings.notification import map_notifications_table
from app.infrastructure.persistence_sqla.mappings.user import map_users_table


@cache
def map_tables() -> None:
    map_users_table()
    map_notifications_table()
