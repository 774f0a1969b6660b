from domains.users.models import NewUser, User, UserCreated
from hookspecs import hookimpl
from tools.auth.contract import Auth
from tools.db.contract import Db, UniqueError
from tools.event_bus.contract import EventBus
from tools.http.contract import Http


class CreateUser:
    """POST /users: store a user, publish `user.created`."""

    def __init__(self, http: Http, db: Db, event_bus: EventBus, auth: Auth) -> None:
        self.http, self.db, self.bus, self.auth = http, db, event_bus, auth

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/users", "POST", self.execute, status=201, public=True, tags=["Users"],
                               errors={UniqueError: (409, "a user with this email exists", "/email")})  # fmt: skip

    async def execute(self, new: NewUser) -> User:
        hashed = await self.auth.hash_password(new.password)
        async with self.db.transaction():
            user = await self.db.query_one(
                "INSERT INTO users (name, email, password_hash) VALUES (?, ?, ?)"
                " RETURNING id, name, email, role, created_at_utc",
                (new.name, new.email.lower(), hashed),
                into=User,
            )
            await self.bus.publish("user.created", UserCreated(user.id, user.email))
        return user
