"""`db` on SQLite: one writer, several readers, each connection in a thread of its own."""
