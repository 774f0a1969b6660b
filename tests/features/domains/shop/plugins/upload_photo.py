from typing import Annotated

from msgspec import Struct

from hookspecs import hookimpl
from tools.auth.contract import Auth
from tools.config.contract import Config
from tools.db.contract import Db, ForeignKeyError, Migration
from tools.http.contract import File, Http, Upload


class Settings(Struct, rename="upper"):
    photo_dir: str = "photos"


class Photo(Struct):
    id: int
    product_id: int
    file: str


class UploadPhoto:
    """POST /products/{id}/photos: keep a photo of a product, for administrators."""

    def __init__(self, http: Http, db: Db, auth: Auth, config: Config) -> None:
        self.http, self.db, self.auth = http, db, auth
        self.directory = config.read(Settings).photo_dir

    @hookimpl
    def register_migrations(self) -> list[Migration]:
        return [
            Migration(
                "001_photos",
                "CREATE TABLE photos (id INTEGER PRIMARY KEY,"
                " product_id INTEGER NOT NULL REFERENCES products(id), file TEXT NOT NULL)",
            )
        ]

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/products/{id}/photos", "POST", self.execute, status=201,
                               guard=self.auth.require("admin"), max_body_bytes=5_000_000,
                               errors={ForeignKeyError: (404, "there is no such product")})  # fmt: skip

    async def execute(self, id: int, photo: Annotated[Upload, File()]) -> Photo:
        kept = await photo.move_to(self.directory)
        stored: Photo = await self.db.query_one(
            "INSERT INTO photos (product_id, file) VALUES (?, ?) RETURNING *", (id, kept.name), into=Photo
        )
        return stored
