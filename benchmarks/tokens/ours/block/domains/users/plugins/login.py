from typing import Literal

from msgspec import Struct

from hookspecs import Refusal, hookimpl
from tools.auth.contract import Auth
from tools.db.contract import Db
from tools.http.contract import Http


class Credentials(Struct, forbid_unknown_fields=True):
    email: str
    password: str


class Account(Struct):
    id: int
    role: str
    password_hash: str
    is_blocked: bool


class Token(Struct):
    access_token: str
    token_type: Literal["bearer"] = "bearer"


class Login:
    """POST /auth/login: trade an email and a password for a token."""

    def __init__(self, http: Http, db: Db, auth: Auth) -> None:
        self.http, self.db, self.auth = http, db, auth

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/auth/login", "POST", self.execute, public=True, tags=["Auth"])

    async def execute(self, sent: Credentials) -> Token:
        account: Account | None = await self.db.query_one(
            "SELECT id, role, password_hash, is_blocked FROM users WHERE email = ?", (sent.email.lower(),), into=Account
        )
        hashed = account.password_hash if account else None
        if not await self.auth.verify_password(sent.password, hashed) or account is None:
            raise Refusal(401, "the email or the password is wrong")
        if account.is_blocked:
            raise Refusal(403, "this account is blocked")
        scopes = ["admin"] if account.role == "admin" else []
        return Token(self.auth.issue(str(account.id), scopes=scopes))
