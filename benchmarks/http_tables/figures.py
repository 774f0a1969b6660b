"""What was measured, round by round, and the table of it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

from benchmarks.http_tables.peers import PEERS

Outcome = dict[tuple[str, str], float]
"""(peer, column) -> what a goal is compared with."""


class Table(NamedTuple):
    """A title, a sentence, a head, lines, and the figures that goals name."""

    title: str
    about: str
    head: Sequence[str]
    lines: Sequence[Sequence[str]]
    outcome: Outcome

    def markdown(self) -> str:
        """Render it."""
        rule = ["---", *["--:"] * (len(self.head) - 1)]
        lines = "\n".join(f"| {' | '.join(cells)} |" for cells in (self.head, rule, *self.lines))
        return f"### {self.title}\n\n{self.about}\n\n{lines}\n"


class Figures:
    """Figures by peer and column, one a round."""

    def __init__(self) -> None:
        self._found: defaultdict[tuple[str, str], list[float]] = defaultdict(list)

    def add(self, peer: str, column: str, value: float) -> None:
        """Add this round's figure."""
        self._found[peer, column].append(value)

    def has(self, peer: str, column: str) -> bool:
        """Tell whether there is a figure."""
        return (peer, column) in self._found

    def median(self, peer: str, column: str) -> float:
        """Answer with the median of all rounds."""
        return median(self._found[peer, column])

    def ratio(self, peer: str, column: str, base: str) -> float:
        """Answer with the median of the ratios of one peer's two columns in the same round."""
        pairs = zip(self._found[peer, column], self._found[peer, base], strict=True)
        return median(one / other for one, other in pairs)

    def ratio_to(self, peer: str, base: str, column: str) -> float:
        """Answer with the median of the ratios of two peers' same column in the same round."""
        pairs = zip(self._found[peer, column], self._found[base, column], strict=True)
        return median(one / other for one, other in pairs)


def interleaved(rounds: int, peers: Sequence[str], columns: Sequence[str] = ("",)) -> Iterator[tuple[str, str]]:
    """Go through all columns in each round, and through all peers in each, forward and backward in turn."""
    for number in range(rounds):
        for column in columns:
            yield from ((column, peer) for peer in (peers if number % 2 == 0 else peers[::-1]))


def titled(peer: str) -> str:
    """Name a peer in a table."""
    return PEERS[peer].title
