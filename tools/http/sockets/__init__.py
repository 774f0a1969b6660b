"""WebSockets: typed messages, bounded both ways, from the handshake to the close."""
