"""What an endpoint's function has to do: endpoints that want the same share their code."""

from typing import NamedTuple

from tools.http.annotation import bounded
from tools.http.binder import Parameter, Plan
from tools.http.readers import REQUIRED

_INTEGER, _TEXTS = bounded(int), (str, str | None)


class Slot(NamedTuple):
    """How one argument of the handler comes about, as far as it changes the text."""

    how: str
    """`context`: the reader looks into the context; `text`, `query`, `integer`, `path`: at once, by the converter."""
    place: int = 0
    """Of a placeholder, among those of the path."""


class Want(NamedTuple):
    """What one endpoint's function does, as far as it changes the text of it; those of the same shape are equal."""

    slots: tuple[Slot, ...]
    arguments: str
    """Of the call, by the variables `a0`, `a1`, ... and `data`."""
    has_body: bool = False
    is_raw: bool = False
    is_optional: bool = False
    has_form: bool = False
    has_placeholders: bool = False
    has_guard: bool = False
    has_policies: bool = False
    is_async: bool = True
    is_counted: bool = True
    is_empty: bool = False
    answer: str = ""
    """`struct`, `list` or `dict`: a look at the classes says that a value is what is declared; see `exact.Shallow`."""

    @property
    def has_context(self) -> bool:
        """Whether anybody asks for the context."""
        return self.has_guard or self.has_policies or any(slot.how == "context" for slot in self.slots)


def slot_of(one: Parameter, path_names: tuple[str, ...]) -> Slot:
    """Say how a parameter is read."""
    if one.convert is None:
        return Slot("context")
    if one.source == "query":
        return Slot("text" if one.annotation in _TEXTS and one.default is not REQUIRED else "query")
    return Slot("integer" if one.annotation == _INTEGER else "path", path_names.index(one.key))


def arguments_of(plan: Plan) -> str:
    """Write the arguments of the call."""
    variables = {one.name: f"a{index}" for index, one in enumerate(plan.parameters)}
    variables[plan.body_name] = "data"
    texts = (f"{name}={variables[name]}" if is_named else variables[name] for name, is_named in plan.order)
    return ", ".join(texts)
