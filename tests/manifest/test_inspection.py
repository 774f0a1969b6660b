"""One thing by its name."""

import pytest

import asgi
import manifest
from hookspecs import System
from manifest.inspection import inspect, names


@pytest.fixture
async def look() -> object:
    with manifest.scratch() as settings:
        kernel = asgi.make_kernel({**settings, "ADMIN_PASSWORD": "told to nobody"})
        await kernel.boot(consume=False)
        try:
            yield kernel.system
        finally:
            await kernel.shutdown()


@pytest.mark.parametrize(
    ("what", "lines"),
    [
        ("users.login", ["## users.login (domains/users/plugins/login.py)", "class Login:"]),
        ("users/login", ["class Login:"]),
        ("domains/users/plugins/login.py", ["class Login:"]),
        ("POST /auth/login", ["- POST /auth/login: public -> 200", "class Login:"]),
        ("/users/{id}", ["class DeleteUser:", "class GetUser:", "class UpdateUser:"]),
        ("state", ["## state (tools/state/__init__.py)", "class State(Protocol):"]),
        ("user.created", ["## event user.created"]),
        ("refresh_tokens", ["## table of users"]),
        ("HTTP_HOSTS", ["| of | variable | type | default | meaning |"]),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)  # fmt: skip
async def test_everything_is_found_by_its_name(what: str, lines: list[str], look: System) -> None:
    text = inspect(look, asgi.ROOT, {}, what)

    assert [line for line in lines if line not in text.splitlines()] == []


@pytest.mark.parametrize("what", ["", "nothing", "../../etc/passwd", "users.", "POST /auth"])
async def test_what_is_not_there_is_not_found(what: str, look: System) -> None:
    assert inspect(look, asgi.ROOT, {}, what) == ""
    assert what not in names(look)


async def test_a_setting_is_shown_without_its_value(look: System) -> None:
    assert "told to nobody" not in inspect(look, asgi.ROOT, {"ADMIN_PASSWORD": "told to nobody"}, "ADMIN_PASSWORD")
