"""The OpenAPI 3.1 document of the endpoints, from the same plans that serve them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from hookspecs import Fact
from tools.http.endpoint import Endpoint
from tools.http.openapi.facts import description, event_types, sockets, webhook
from tools.http.openapi.operation import Found, any_schema, operation, path_text, security, slots
from tools.http.openapi.problems import REQUEST_ID, Json, Problems, problem_schema
from tools.http.openapi.schema_rules import REF, Rules


def openapi(
    endpoints: Iterable[Endpoint], facts: Sequence[Fact] = (), title: str = "MicroCoreOS", root: str = ""
) -> Json:
    """Describe every endpoint: parameters, body, answers, errors, security.

    Args:
        endpoints: what is served.
        facts: what stands besides: `event`s become webhooks, `websocket`s and `mount`s are named.
        title: of the document.
        root: the path below which a gateway serves all of it.
    """
    ordered, events = sorted(endpoints, key=lambda one: (one.path.text, one.method)), event_types(facts)
    taken = [list(slots(one)) for one in ordered]
    kinds = [slot.kind for several in taken for slot in several] + [kind for _, kind in events]
    schemas, components = msgspec.json.schema_components(kinds, schema_hook=any_schema, ref_template=REF)
    by_kind = iter(schemas)
    found = [[(slot, next(by_kind)) for slot in several] for several in taken]
    _complete(found, components)
    name = "Problem" if "Problem" not in components else "HttpProblem"
    problems = Problems(ordered, {"$ref": REF.format(name=name)})
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1", "description": description(facts)},
        **({"servers": [{"url": root}]} if root else {}),
        "paths": _paths(ordered, found, problems),
        **_extras({"webhooks": webhook(events, by_kind), "x-websockets": sockets(facts)}),
        "components": {
            "schemas": dict(sorted({**components, name: problem_schema()}.items())),
            "responses": problems.components(),
            "headers": {"RequestId": REQUEST_ID},
            "securitySchemes": {
                one: {"type": "http", "scheme": one} for endpoint in ordered for one in security(endpoint)
            },
        },
    }


def _extras(entries: Json) -> Json:
    return {key: value for key, value in entries.items() if value}


def _complete(found: list[Found], components: Json) -> None:
    rules = Rules(components)
    for slot, schema in (pair for several in found for pair in several):
        rules.complete(slot.kind, schema, is_inbound=slot.is_inbound)


def _paths(endpoints: Sequence[Endpoint], found: list[Found], problems: Problems) -> Json:
    paths: Json = {}
    for one, several, name in zip(endpoints, found, _operation_ids(endpoints), strict=True):
        made = operation(one, name, several, problems.of(one))
        paths.setdefault(path_text(one), {})[one.method.lower()] = made
    return paths


def _operation_ids(endpoints: Sequence[Endpoint]) -> Iterator[str]:
    """Name an operation after its plugin; where that serves several, after the method, and then the path too."""
    short = [one.owner.name for one in endpoints]
    longer = [f"{one.owner.name}.{one.method.lower()}" for one in endpoints]
    full = [f"{long}{path_text(one).replace('/', '.')}" for long, one in zip(longer, endpoints, strict=True)]
    count = Counter(short) + Counter(longer)
    for names in zip(short, longer, full, strict=True):
        yield next((name for name in names[:2] if count[name] == 1), names[2])
