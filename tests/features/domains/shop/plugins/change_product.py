from typing import Annotated

from hookspecs import hookimpl
from msgspec import UNSET, Meta, Struct, UnsetType
from tools.auth.contract import Auth
from tools.db.contract import Db, UniqueError
from tools.http.contract import Context, Http, Refusal


class ProductChanges(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=80)] | UnsetType = UNSET
    cents: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    stock: Annotated[int, Meta(ge=0)] | UnsetType = UNSET


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
                               tags=["Shop"], errors={UniqueError: (409, "this name is taken", "/name")})  # fmt: skip

    async def execute(self, id: int, changes: ProductChanges, context: Context) -> Product:
        async with self.db.transaction():
            product: Product | None = await self.db.query_one("SELECT * FROM products WHERE id = ?", (id,), into=Product)
            if product is None:
                raise Refusal(404, "there is no such product")
            context.check_etag(str(product.version))
            for field in changes.__struct_fields__:
                if (value := getattr(changes, field)) is not UNSET:
                    setattr(product, field, value)
            changed: Product = await self.db.query_one(
                "UPDATE products SET name = ?, cents = ?, stock = ?, version = version + 1 WHERE id = ? RETURNING *",
                (product.name, product.cents, product.stock, id),
                into=Product,
            )
        context.set_etag(str(changed.version))
        return changed
