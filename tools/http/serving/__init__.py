"""What an ASGI app cannot do for itself: deadlines for slow clients, borders of messages, caps of connections."""
