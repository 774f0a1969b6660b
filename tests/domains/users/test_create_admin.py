import io
import os
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path

import httpx
import msgspec
import pytest

import asgi
from hookspecs import Command, Refusal
from kernel.boot import Kernel
from tests.domains.person import PASSWORD, rows, sign_up
from tests.domains.tree import Tree

SECRET = {"ADMIN_PASSWORD": PASSWORD}


async def command(kernel: Kernel) -> Command:
    answers = [one.value for one in await kernel.gather("register_commands") if one.owner == "users.create_admin"]
    return Command(*answers[0][0])


async def run(kernel: Kernel, *arguments: str) -> int:
    """Run the command as `python -m manifest` does."""
    create_admin = await command(kernel)
    parser = ArgumentParser()
    create_admin.arguments(parser)
    code = create_admin.run(parser.parse_args(arguments))
    assert not isinstance(code, int)
    return await code


async def scopes_of_login(client: httpx.AsyncClient, email: str) -> int:
    answer = await client.post("/auth/login", json={"email": email, "password": PASSWORD})
    headers = {"authorization": f"Bearer {answer.json()['access_token']}"}
    return (await client.get("/users", headers=headers)).status_code


async def test_an_administrator_is_made_with_the_password_of_the_environment(tree: Tree) -> None:
    async with tree.running(SECRET) as (kernel, client):
        code = await run(kernel, "Root@example.com", "Root")

        assert code == 0
        assert await scopes_of_login(client, "root@example.com") == 200


async def test_the_password_is_read_from_standard_input_where_no_one_types(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))
    async with tree.running() as (kernel, client):
        await run(kernel, "root@example.com")

        assert await scopes_of_login(client, "root@example.com") == 200


async def test_an_account_that_is_there_is_an_error(tree: Tree, settings: dict[str, str], database: str) -> None:
    async with tree.running(settings | SECRET) as (kernel, client):
        await sign_up(client, "ana")

        with pytest.raises(Refusal) as caught:
            await run(kernel, "ANA@example.com")

        assert str(caught.value) == ("an account has the email 'ANA@example.com': --promote makes it an administrator")
        assert rows(database, "SELECT role FROM users") == [("user",)]


async def test_an_account_is_promoted_when_asked_and_keeps_its_password(tree: Tree) -> None:
    async with tree.running() as (kernel, client):
        ana = await sign_up(client, "ana")

        code = await run(kernel, "ANA@example.com", "--promote")

        assert code == 0
        assert await scopes_of_login(client, ana.email) == 200


async def test_nobody_is_promoted_who_is_not_there(tree: Tree) -> None:
    async with tree.running(SECRET) as (kernel, _):
        with pytest.raises(Refusal, match="leave out --promote to make one"):
            await run(kernel, "nobody@example.com", "--promote")


@pytest.mark.parametrize(("email", "password"), [("root", PASSWORD), ("root@example.com", "short")])
async def test_what_no_account_may_have_no_administrator_has(tree: Tree, email: str, password: str) -> None:
    async with tree.running({"ADMIN_PASSWORD": password}) as (kernel, _):
        with pytest.raises(msgspec.ValidationError):
            await run(kernel, email)


@pytest.mark.slow
def test_the_shell_sees_exit_codes_and_no_traceback(settings: dict[str, str], tmp_path: Path) -> None:
    environ = {**os.environ, **settings, **SECRET, "AUTH_SECRET_FILE": str(tmp_path / "secret")}
    runs = [
        subprocess.run(
            [sys.executable, "-m", "manifest", *arguments],
            cwd=asgi.ROOT,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        for arguments in (["migrate"], *[["create-admin", "root@example.com", "Root"]] * 2)
    ]

    assert [one.returncode for one in runs] == [0, 0, 1]
    assert runs[1].stdout == "user 1 is an administrator\n"
    assert not any("Traceback" in one.stderr or PASSWORD in one.stderr for one in runs)
