"""The steps of a schema: which there are, in which order, and how they are applied once."""
