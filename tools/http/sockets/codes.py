"""How a WebSocket is closed, and what that tells its client (RFC 6455 section 7.4; 1012 is IANA's).

1000  the handler ended
1003  text where bytes are declared, or the other way round
1007  a message that is no JSON, or not of the declared type
1008  more messages in a second than are taken
1009  a message larger than is taken
1011  the handler failed
1012  the server stops
4401  the guard refuses: the token's time is over; so is any Refusal of guard or handler, as 4000 + its status
"""

from hookspecs import Refusal
from tools.http.problem import Problem, phrase

NORMAL, WRONG_KIND, WRONG_DATA, POLICY, TOO_BIG, FAILED, STOPPING = 1000, 1003, 1007, 1008, 1009, 1011, 1012
OF_REFUSALS = 4000  # 4000 to 4999 are the application's own
LONGEST_REASON_BYTES = 123  # of the 125 that a control frame has, two are the code
_SENDABLE = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})  # 1004 to 1006 and 1015 are never on the wire


class Closing(Exception):  # noqa: N818 (an end, not a fault of ours)
    """Why a socket has to be closed."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


def cut_reason(text: str) -> str:
    """Shorten a text to what fits into a close frame.

    >>> cut_reason("é" * 100) == "é" * 61
    True
    """
    return text.encode(errors="replace")[:LONGEST_REASON_BYTES].decode(errors="ignore")


def check_code(code: int) -> None:
    """Let a code pass that an endpoint may send.

    Raises:
        ValueError: any other.

    >>> check_code(4000)
    >>> check_code(1006)
    Traceback (most recent call last):
    ValueError: socket.close: 1006 is no code that can be sent: use 1000, or one of 4000 to 4999
    """
    if code not in _SENDABLE and not 3000 <= code <= 4999:
        raise ValueError(f"socket.close: {code!r} is no code that can be sent: use 1000, or one of 4000 to 4999")


def closing_of(error: Refusal | Problem) -> Closing:
    """Put what would have been an HTTP answer into a close frame.

    >>> closing_of(Refusal(429, "too fast"))
    Closing(4429, 'too fast')
    """
    detail = error.detail or phrase(error.status)
    return Closing(OF_REFUSALS + error.status if 400 <= error.status <= 599 else FAILED, detail)
