"""Tasks for the shipped app, whose domains are small: what is asked of a slice there is the same."""

from tests.manifest.golden.tasks import READ, TIMED, WRITE, Task

USERS = "id name email role created_at_utc"

SHIPPED_TASKS = (
    Task(
        "block a user",
        {"users": "id role", "refresh_tokens": "user_id"},
        {"user.deleted": "id", "user.updated": "id"},
        WRITE,
        ("DELETE /users/{id}", "PATCH /users/{id}"),
        ("User",),
    ),
    Task(
        "export users as csv",
        {"users": USERS},
        {},
        {"http": "add_endpoint", "auth": "require", "db": "stream"},
        ("GET /users",),
        ("User",),
    ),
    Task(
        "mark a notification as read",
        {"notifications": "id user_id kind message created_at_utc"},
        {},
        {"http": "add_endpoint", "auth": "require", "db": "execute"},
        ("GET /notifications",),
        ("Notification",),
    ),
    Task(
        "nightly cleanup of expired refresh tokens",
        {"refresh_tokens": "digest family user_id expires_at_utc used_at_utc"},
        {},
        {**TIMED, "db": "execute"},
        ("POST /auth/refresh",),
    ),
    Task(
        "notify a user when their role changes",
        {"notifications": "user_id kind message", "users": "id role"},
        {"user.updated": "id"},
        {"event_bus": "subscribe", "db": "execute"},
        (),
        ("Notification",),
    ),
    Task(
        "list the open sessions of a user",
        {"refresh_tokens": "digest family user_id expires_at_utc", "users": "id"},
        {},
        READ,
        ("GET /users/{id}", "GET /users/me"),
    ),
    Task(
        "invite somebody by email",
        {"users": USERS},
        {"user.created": "id email"},
        {**WRITE, "auth": "require new_secret digest"},
        ("POST /users",),
        ("NewUser", "User"),
    ),
)
