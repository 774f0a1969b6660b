"""How much each node has to do with a task: by its words, then by what it is next to."""

from collections import Counter
from collections.abc import Mapping
from math import log, sqrt

from manifest.slicing.graph import Graph, Key, Thing
from manifest.slicing.words import asked

_SAID = 0.4  # a word in a summary, of one in a name
_STEP = 0.35  # what a neighbour gets of a score
_STEPS = 2
_WHOLE = 0.9  # `orders` has more to do with orders than `order_lines`


def relevance(graph: Graph, task: str) -> dict[Key, float]:
    """Score every node, 0 for none at all; the same for the same tree and words."""
    words = _weights(graph, task)
    own = {key: _by_words(thing, words) for key, thing in graph.things.items()}
    score = own
    for _ in range(_STEPS):
        score = {
            key: own[key] + _STEP * sum(score[near] * weight / sqrt(len(graph.near[near]))
                                        for near, weight in graph.near[key].items())
            for key in own
        }  # fmt: skip
    return score


def _weights(graph: Graph, task: str) -> dict[str, float]:
    """Weigh the task's words: one that few nodes have says more."""
    counted = Counter(word for thing in graph.things.values() for word in thing.names | thing.said)
    return {word: weight * log(1 + len(graph.things) / (1 + counted[word])) for word, weight in asked(task).items()}


def _by_words(thing: Thing, words: Mapping[str, float]) -> float:
    whole: float = (len(thing.names) or 1) ** _WHOLE
    named = sum(words.get(word, 0.0) for word in thing.names) / whole
    return named + _SAID * sum(words.get(word, 0.0) for word in thing.said - thing.names)
