"""How long to wait before the next attempt."""

LONGEST_S = 60.0


def backoff_s(first_s: float, attempt: int, part: float) -> float:
    """Seconds to wait after a failed attempt: a random part, so that many that failed at once do not return at once.

    Source: "Exponential backoff and jitter", AWS Architecture Blog, 2015 (full jitter).

    >>> backoff_s(0.5, 1, 1.0), backoff_s(0.5, 3, 1.0), backoff_s(0.5, 3, 0.25)
    (0.5, 2.0, 0.5)
    >>> backoff_s(0.5, 5000, 1.0)
    60.0
    """
    return part * min(LONGEST_S, first_s * 2.0 ** min(attempt - 1, 32))
