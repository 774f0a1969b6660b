"""What a connection is waiting for."""

from enum import Enum


class State(Enum):
    """A state has one deadline, or none where the client is not who is waited for."""

    SILENT = "nothing has come yet"
    HEAD = "a head has begun"
    BODY = "a body is coming"
    BUSY = "the app has the request, or the client the answer"
    IDLE = "between two requests"
    ENDED = "the last word is said"
