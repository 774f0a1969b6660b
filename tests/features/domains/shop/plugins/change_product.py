from typing import Annotated

from msgspec import Meta, Struct

from hookspecs import Refusal, hookimpl
from tools.auth.contract import Auth
from tools.db.contract import Db, UniqueError
from tools.http.contract import Context, Http


class ProductChanges(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=80)] | None = None
    cents: Annotated[int, Meta(ge=0)] | None = None
    stock: Annotated[int, Meta(ge=0)] | None = None


class Product(Struct):
    id: int
    name: str
    cents: int
    stock: int
    version: int


class ChangeProduct:
    """PATCH /products/{id}: change a product that nobody else changed since it was read, for administrators."""

    def __init__(self, http: Http, db: Db, auth: Auth) -> None:
        self.http, self.db, self.auth = http, db, auth

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/products/{id}", "PATCH", self.execute, guard=self.auth.require("admin"),
                               errors={UniqueError: (409, "this name is taken", "/name")})  # fmt: skip

    async def execute(self, id: int, changes: ProductChanges, context: Context) -> Product:
        async with self.db.transaction():
            seen = await self.db.query_one("SELECT version FROM products WHERE id = ?", (id,))
            if seen is None:
                raise Refusal(404, "no such product")
            context.check_etag(str(seen["version"]))
            product: Product = await self.db.query_one(
                "UPDATE products SET name = coalesce(?, name), cents = coalesce(?, cents), stock = coalesce(?, stock),"
                " version = version + 1 WHERE id = ? RETURNING *",
                (changes.name, changes.cents, changes.stock, id),
                into=Product,
            )
        context.set_etag(str(product.version))
        return product
