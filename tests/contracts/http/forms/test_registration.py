"""What no form can hold is refused at boot."""

from typing import Annotated, Any

import pytest
from msgspec import Struct

from tests.contracts.http.forms.parts import NewPost, keep_post
from tests.contracts.http_served import Served, typed
from tools.http.contract import File, Form, Query, RouteError, Upload


def wants(**kinds: Any) -> Any:
    async def handler(a: Any = None, b: Any = None) -> None: ...

    return typed(handler, **{"a": Annotated[str, Query()], "b": Annotated[str, Query()], **kinds})


class Deep(Struct):
    inner: NewPost


@pytest.mark.parametrize(
    ("handler", "text"),
    [
        (wants(a=Annotated[str, File()]), "is marked File(): annotate Upload, list[Upload] or Upload | None"),
        (wants(a=Annotated[set[Upload], File()]), "is marked File(): annotate Upload"),
        (
            wants(a=Annotated[dict[str, str], Form()]),
            "is marked Form(): annotate a scalar, a list of them, or a Struct",
        ),
        (wants(a=Annotated[Upload, Form()]), "is marked Form(): annotate a scalar"),
        (wants(a=Annotated[Deep, Form()]), "field 'inner' is no scalar and no list of them: a form holds only text"),
        (
            wants(a=Annotated[str, Form()], b=NewPost),
            "a body is a form or JSON: mark 'b' with Form(), or drop the form",
        ),
    ],
)
def test_what_no_form_can_hold_is_refused_at_boot(http: Served, handler: Any, text: str) -> None:
    with pytest.raises(RouteError) as refused:
        http.add("/x", "POST", handler)

    assert text in str(refused.value)


def test_a_get_has_no_form(http: Served) -> None:
    with pytest.raises(RouteError, match="a GET has no body"):
        http.add("/x", "GET", keep_post)
