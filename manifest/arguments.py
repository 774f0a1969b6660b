"""What the commands take."""

import argparse


def none(parser: argparse.ArgumentParser) -> None:
    """Take no arguments."""


def of_show(parser: argparse.ArgumentParser) -> None:
    """Take a domain or a task, and a budget."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("domain", nargs="?", help="a folder of domains/; without it, the index of all")
    what.add_argument("--task", metavar="WORDS", help='what is to be written, e.g. --task "refund an order"')
    budget = "the most that is printed; 800 for a task, else no bound"
    parser.add_argument("--budget", type=_tokens, metavar="TOKENS", help=budget)


def of_tools(parser: argparse.ArgumentParser) -> None:
    """Take a tool, or none."""
    parser.add_argument("tool", nargs="?", help="its name, as a constructor writes it")


def of_why(parser: argparse.ArgumentParser) -> None:
    """Take a plugin."""
    parser.add_argument("plugin", help="`<domain>.<feature>`, or its file")


def of_new(parser: argparse.ArgumentParser) -> None:
    """Take a kind and a name."""
    parser.add_argument("kind", choices=("plugin", "domain"))
    parser.add_argument("name", help="of a plugin `<domain>/<feature>`, e.g. users/ban_user; of a domain e.g. billing")


def _tokens(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of tokens: write e.g. 800")
    return int(text)
