"""What plugins may ask of `http`, and the values that they import for it."""

from typing import Annotated

from tools.http.contract.context import Context
from tools.http.contract.http import Counters, ErrorAnswer, Guard, Http, RouteError
from tools.http.contract.marks import Body, Cookie, File, Form, Header, Query
from tools.http.contract.messages import ServerEvent, Upload
from tools.http.contract.socket import Disconnected, Socket
from tools.http.pages import Page, PageQuery

Paging = Annotated[PageQuery, Query()]
"""`page: Paging`: which page of a list a client asks for."""

__all__ = [
    "Body",
    "Context",
    "Cookie",
    "Counters",
    "Disconnected",
    "ErrorAnswer",
    "File",
    "Form",
    "Guard",
    "Header",
    "Http",
    "Page",
    "PageQuery",
    "Paging",
    "Query",
    "RouteError",
    "ServerEvent",
    "Socket",
    "Upload",
]

USUAL = (
    "Context",
    "Page",
    "Paging",
    "Header",
    "Cookie",
    "Query",
    "Body",
    "Form",
    "File",
    "Upload",
    "Socket",
    "ServerEvent",
)
"""What features usually import from here; the manifest names it."""
