"""`db` on PostgreSQL."""
