from fastapi import FastAPI

from app.adapters.http import auth, notifications, users
from app.adapters.http.errors import answer_domain_errors
from app.bootstrap import bootstrap
from app.config import Settings


def create_app(settings: Settings | None = None) -> FastAPI:
    app = FastAPI()
    app.state.application = bootstrap(settings or Settings.from_environ())
    answer_domain_errors(app)
    for routes in (auth, notifications, users):
        app.include_router(routes.router)
    return app
