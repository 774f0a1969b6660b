"""Answers that come bit by bit: chunks and server-sent events, each generator in one task."""
