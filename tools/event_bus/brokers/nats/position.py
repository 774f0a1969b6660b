"""How far a group is: a sequence number, and when its stream was made, as one that is made anew counts from 1 again."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nats.js.api import StreamInfo


def position_at(seq: int, info: "StreamInfo") -> str:
    """Write a position down."""
    return f"{seq} {made_at(info)}"


def seq_of(position: str, info: "StreamInfo") -> int:
    """Give the last number that was had of this stream: none of one made anew, or of one that lost its end."""
    seq, _, made = position.partition(" ")
    return int(seq) if made == made_at(info) and int(seq) <= info.state.last_seq else 0


def made_at(info: "StreamInfo") -> str:
    """Tell a stream from all others of its name."""
    return info.created.isoformat() if info.created else ""
