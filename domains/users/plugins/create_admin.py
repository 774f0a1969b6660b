import getpass
import sys
from argparse import ArgumentParser, Namespace

import msgspec

from domains.users.models import NewUser
from hookspecs import Command, Refusal, hookimpl
from tools.auth.contract import Auth
from tools.config.contract import Config
from tools.db.contract import Db, UniqueError


class CreateAdmin:
    """python -m manifest create-admin: make the first administrator, or promote an account."""

    def __init__(self, db: Db, auth: Auth, config: Config) -> None:
        self.db, self.auth, self.config = db, auth, config

    @hookimpl
    def register_commands(self) -> list[Command]:
        return [Command("create-admin", "make an administrator", self.arguments, self.run, real=True)]

    def arguments(self, parser: ArgumentParser) -> None:
        parser.description = "Make an administrator; its password is ADMIN_PASSWORD, or else asked for."
        parser.add_argument("email")
        parser.add_argument("name", nargs="?", default="Administrator")
        parser.add_argument("--promote", action="store_true", help="make an existing account one; its password stays")

    async def run(self, arguments: Namespace) -> int:
        email, name = arguments.email, arguments.name
        id = await (self.promote(email) if arguments.promote else self.create(email, name))
        print(f"user {id} is an administrator")  # noqa: T201 (a command prints)
        return 0

    async def promote(self, email: str) -> int:
        row = await self.db.query_one(
            "UPDATE users SET role = 'admin' WHERE lower(email) = ? RETURNING id", (email.lower(),)
        )
        if row is None:
            raise Refusal(404, f"no account has the email {email!r}: leave out --promote to make one")
        return int(row["id"])

    async def create(self, email: str, name: str) -> int:
        password = self.config.get("ADMIN_PASSWORD") or self.ask()
        new = msgspec.convert({"email": email, "name": name, "password": password}, NewUser)
        hashed = await self.auth.hash_password(new.password)
        try:
            row = await self.db.query_one(
                "INSERT INTO users (name, email, password_hash, role) VALUES (?, ?, ?, 'admin') RETURNING id",
                (new.name, new.email.lower(), hashed),
            )
        except UniqueError:
            raise Refusal(409, f"an account has the email {email!r}: --promote makes it an administrator") from None
        return int(row["id"])

    def ask(self) -> str:
        return getpass.getpass("password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
