"""How many requests are being answered right now: beyond a bound more are refused, since a queue would only grow."""

from tools.http.problem import Problem


class InFlight:
    """The count of one http tool; endpoints change `now` in place, since a call would cost more than the count."""

    __slots__ = ("most", "now")

    def __init__(self, most: int) -> None:
        self.most, self.now = most, 0

    def refuse(self) -> None:
        """Say that there is no room.

        Raises:
            Problem: 503 with Retry-After, always.
        """
        detail = "too many requests are being answered: try again"
        raise Problem(503, detail, headers=[(b"retry-after", b"1")])
