"""What a feature costs to read and to write in five schools: `python -m benchmarks.tokens [--write] [--files]`."""

import argparse

from benchmarks.tokens.counting import tokens
from benchmarks.tokens.reading import to_read
from benchmarks.tokens.schools import FEATURES, SCHOOLS, before, files, written
from benchmarks.tokens.table import README, refreshed, render


def main() -> None:
    """Print the table, refresh README, or list what is counted."""
    parser = argparse.ArgumentParser("python -m benchmarks.tokens", description=__doc__)
    parser.add_argument("--write", action="store_true", help="refresh the table in README.md")
    parser.add_argument("--files", action="store_true", help="list each file with its tokens and the reason")
    parser.add_argument("--slice", choices=("domain", "task", "whole"), default="task", help="what ours reads")
    options = parser.parse_args()
    if options.files:
        list_files()
    elif options.write:
        README.write_text(refreshed(README.read_text(), options.slice))
    else:
        print(render(options.slice))


def list_files() -> None:
    """List what is read, with the reason, and what is written."""
    for stage, feature in FEATURES.items():
        for school in SCHOOLS.values():
            old = files(school.name, before(stage))
            print(f"\n{feature}, {school.title}")
            for path, reason in to_read(school.name, stage).items():
                print(f"  read    {tokens(old[path].read_text()):5} {path}: {reason}")
            for path, text in written(school.name, stage).items():
                print(f"  written {tokens(text):5} {path}")


if __name__ == "__main__":
    main()
