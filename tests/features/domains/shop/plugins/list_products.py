from msgspec import Struct

from hookspecs import hookimpl
from tools.db.contract import Db, Migration
from tools.http.contract import Http, Page, Paging


class Product(Struct):
    id: int
    name: str
    cents: int
    stock: int
    version: int


class ListProducts:
    """GET /products: list what is sold by id, a page at a time."""

    def __init__(self, http: Http, db: Db) -> None:
        self.http, self.db = http, db

    @hookimpl
    def register_migrations(self) -> list[Migration]:
        return [
            Migration(
                "001_products",
                "CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, cents INTEGER NOT NULL,"
                " stock INTEGER NOT NULL, version INTEGER NOT NULL DEFAULT 1)",
            )
        ]

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/products", "GET", self.execute, public=True)

    async def execute(self, page: Paging) -> Page[Product]:
        products: list[Product] = await self.db.query(
            "SELECT * FROM products WHERE id > ? ORDER BY id LIMIT ?", (*page.start(0), page.rows), into=Product
        )
        return page.of(products, lambda product: product.id)
