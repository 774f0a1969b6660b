"""Other ASGI apps below a path, with their lifespans."""
