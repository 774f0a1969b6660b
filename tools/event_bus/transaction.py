"""Whether a caller is inside of a transaction."""

from tools.event_bus.contract import Store


def is_in_transaction(store: Store) -> bool:
    """Find out from what a `db` offers: outside of one, `after_commit` calls at once."""
    called: list[bool] = []
    store.after_commit(lambda: called.append(True))
    return not called
