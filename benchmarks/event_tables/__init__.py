"""The parts of `benchmarks/events.py`."""
