"""Maps names to objects: a tool's name to the one offer that counts, a constructor's parameters to tools."""

import inspect
from collections.abc import Iterable, Iterator, Mapping

from hookspecs import Part, Tool
from kernel.errors import Problem, guess

Offer = tuple[Tool, Part]


def choose(offers: Iterable[Offer], environ: Mapping[str, str], problems: list[Exception]) -> Iterator[Offer]:
    """Yield one offer a name, in name order: the only one, or that of the module which `TOOL_<NAME>` names."""
    by_name: dict[str, dict[str, Offer]] = {}
    for offer in offers:
        by_name.setdefault(offer[0].name, {})[offer[1].name] = offer
    for name, several in sorted(by_name.items()):
        variable = f"TOOL_{name.upper()}"
        value = environ.get(variable, "" if len(several) > 1 else next(iter(several)))
        if value in several:
            yield several[value]
        else:
            files = " and ".join(str(module) for _, module in several.values())
            advice = guess(value, several, "offered")
            problems.append(Problem(f"tool {name!r} is offered by {files}, and {variable} is {value!r}: {advice}"))


def needs(part: Part, cls: type, offered: Iterable[str]) -> list[str]:
    """List the tools that `cls` asks for by parameter name; one with a default is optional, `*args` asks for nothing.

    Raises:
        BootError: names that nobody offers.
    """
    parameters = inspect.signature(cls).parameters.values()
    asked = [one for one in parameters if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]
    for name in [one.name for one in asked if one.name not in offered and one.default is one.empty]:
        raise Problem(f"{part} asks for tool {name!r}, which nobody offers: {guess(name, offered, 'offered')}")
    return [one.name for one in asked if one.name in offered]
