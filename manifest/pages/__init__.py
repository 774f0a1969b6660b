"""One text a command, from the same facts as the index."""
