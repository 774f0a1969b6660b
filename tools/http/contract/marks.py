"""What a plugin writes into `Annotated[...]` to say where a handler's parameter comes from."""

from typing import NamedTuple


class Header(NamedTuple):
    """`tenant: Annotated[str, Header("x-tenant")]`: the value of a request header."""

    name: str


class Cookie(NamedTuple):
    """`theme: Annotated[str, Cookie("theme")]`: the value of a cookie."""

    name: str


class Query(NamedTuple):
    """`page: Annotated[Page, Query()]`: a Struct whose fields are query parameters; or one under another name."""

    name: str = ""


class Body(NamedTuple):
    """`items: Annotated[list[Item], Body()]`: the JSON body; `raw: Annotated[bytes, Body()]`: it as it came."""


class Form(NamedTuple):
    """`new: Annotated[NewPost, Form()]`: a Struct whose fields are those of a form; or one field of it."""

    name: str = ""


class File(NamedTuple):
    """`picture: Annotated[Upload, File()]`: a file of a multipart form; `list[Upload]` takes several of that name."""

    name: str = ""
