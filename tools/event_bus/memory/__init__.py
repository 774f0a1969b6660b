"""Events inside one process: bounded, in order, drained at shutdown, and gone with it."""
