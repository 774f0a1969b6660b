"""Corrects JSON schemas where msgspec says less than is true: what they allow is taken, what is sent they allow."""

from collections.abc import Iterator
from typing import Any

from msgspec import inspect

from tools.http.annotation import INT64_MAX, INT64_MIN

Json = dict[str, Any]
REF = "#/components/schemas/{name}"
# no exponent, no NaN and no infinity: what a database takes
DECIMAL = r"^-?[0-9]{1,100}(\.[0-9]{1,100})?$"
# no years and months, whose lengths differ
DURATION = r"^-?P(?!$)([0-9]{1,9}D)?(T(?=[0-9])([0-9]{1,6}H)?([0-9]{1,6}M)?([0-9]{1,6}(\.[0-9]{1,6})?S)?)?$"
_INTEGER_KEY = {"pattern": "^(0|-?[1-9][0-9]{0,17})$"}
_PREFIX = REF.format(name="")
_Object = inspect.StructType | inspect.DataclassType | inspect.TypedDictType | inspect.NamedTupleType


class Rules:
    """Walks types and their schemas side by side; each component once for either way."""

    def __init__(self, components: Json) -> None:
        self._components = components
        self._seen: set[tuple[str, bool]] = set()

    def complete(self, kind: Any, schema: Json, *, is_inbound: bool) -> None:
        """Complete the schema of a type, and the components that it refers to."""
        self._walk(inspect.type_info(kind), schema, is_inbound)

    def _walk(self, info: inspect.Type, schema: Json, is_inbound: bool) -> None:
        while isinstance(info, inspect.Metadata):
            info = info.type
        if isinstance(info, inspect.UnionType):
            pairs = _alternatives(info, schema)
        elif isinstance(info, _Object):
            pairs = self._fields(info, schema, is_inbound)
        else:
            _complete_both_ways(info, schema)
            if is_inbound:
                _complete_inbound(info, schema)
            pairs = _items(info, schema)
        for part, of_part in pairs:
            self._walk(part, of_part, is_inbound)

    def _fields(self, info: _Object, schema: Json, is_inbound: bool) -> Iterator[tuple[inspect.Type, Json]]:
        name = schema.get("$ref", "").removeprefix(_PREFIX)
        if (name, is_inbound) in self._seen:
            return
        self._seen.add((name, is_inbound))
        component = self._components.get(name, schema)
        of_names, of_places = component.get("properties", {}), component.get("prefixItems", [])
        for place, field in enumerate(info.fields):
            found = of_places[place] if of_places else of_names.get(field.encode_name)
            if found is not None:
                yield field.type, found


def _complete_both_ways(info: inspect.Type, schema: Json) -> None:
    if isinstance(info, inspect.TimeDeltaType):  # the format has no fractions of a second
        schema.pop("format", None)
        schema.setdefault("pattern", DURATION)


def _complete_inbound(info: inspect.Type, schema: Json) -> None:
    if isinstance(info, inspect.IntType):  # a database's 64 bits
        if "exclusiveMinimum" not in schema:
            schema.setdefault("minimum", INT64_MIN)
        if "exclusiveMaximum" not in schema:
            schema.setdefault("maximum", INT64_MAX)
    elif isinstance(info, inspect.DateTimeType) and info.tz is None:
        schema.setdefault("format", "date-time")
    elif isinstance(info, inspect.TimeType) and info.tz is None:
        schema.setdefault("format", "time")
    elif isinstance(info, inspect.DecimalType):
        schema.setdefault("pattern", DECIMAL)
    elif isinstance(info, inspect.DictType) and isinstance(info.key_type, inspect.IntType):
        schema.setdefault("propertyNames", _INTEGER_KEY)


def _alternatives(info: inspect.UnionType, schema: Json) -> Iterator[tuple[inspect.Type, Json]]:
    """Pair the types of a union with their schemas: msgspec puts objects after scalars, and null last."""
    bare = [one.type if isinstance(one, inspect.Metadata) else one for one in info.types]
    order = sorted(bare, key=lambda one: (isinstance(one, inspect.NoneType), isinstance(one, inspect.StructType)))
    given = [one for part in schema.get("anyOf", ()) for one in part.get("anyOf", [part])]
    yield from zip(order, given, strict=False)


def _items(info: inspect.Type, schema: Json) -> Iterator[tuple[inspect.Type, Json]]:
    if isinstance(info, inspect.CollectionType) and "items" in schema:
        yield info.item_type, schema["items"]
    elif isinstance(info, inspect.TupleType):
        yield from zip(info.item_types, schema.get("prefixItems", ()), strict=False)
    elif isinstance(info, inspect.DictType) and "additionalProperties" in schema:
        yield info.value_type, schema["additionalProperties"]
