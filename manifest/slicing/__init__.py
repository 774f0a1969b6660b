"""A slice of the manifest for one task: what its author needs, within a budget of tokens."""
