from typing import Annotated

from msgspec import Meta, Struct

from hookspecs import Refusal, hookimpl
from tools.db.contract import Db, Migration, UniqueError
from tools.http.contract import Http


class NewRedemption(Struct, forbid_unknown_fields=True):
    code: Annotated[str, Meta(min_length=4, max_length=20)]
    email: Annotated[str, Meta(pattern="^[^@ ]+@[^@ ]+$", max_length=254)]


class Redemption(Struct):
    id: int
    code: str
    cents: int


class RedeemVoucher:
    """POST /redemptions: redeem a voucher, once an email address and as often as it is meant to be."""

    def __init__(self, http: Http, db: Db) -> None:
        self.http, self.db = http, db

    @hookimpl
    def register_migrations(self) -> list[Migration]:
        return [
            Migration(
                "001_vouchers",
                "CREATE TABLE vouchers (code TEXT PRIMARY KEY, cents INTEGER NOT NULL, remaining INTEGER NOT NULL)",
            ),
            Migration(
                "002_redemptions",
                "CREATE TABLE redemptions (id INTEGER PRIMARY KEY, code TEXT NOT NULL REFERENCES vouchers(code),"
                " email TEXT NOT NULL, cents INTEGER NOT NULL, UNIQUE(code, email))",
            ),
        ]

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/redemptions", "POST", self.execute, status=201, public=True,
                               rate_limit="10/minute", idempotent=True,
                               errors={UniqueError: (409, "this voucher is redeemed already", "/email")})  # fmt: skip

    async def execute(self, new: NewRedemption) -> Redemption:
        async with self.db.transaction():
            voucher = await self.db.query_one(
                "UPDATE vouchers SET remaining = remaining - 1 WHERE code = ? AND remaining > 0 RETURNING cents",
                (new.code,),
            )
            if voucher is None:
                raise Refusal(404, "this voucher is not known or used up")
            redemption: Redemption = await self.db.query_one(
                "INSERT INTO redemptions (code, email, cents) VALUES (?, ?, ?) RETURNING id, code, cents",
                (new.code, new.email.lower(), voucher["cents"]),
                into=Redemption,
            )
        return redemption
