"""Files as answers: ranges, entity tags, directories by an allow-list."""
