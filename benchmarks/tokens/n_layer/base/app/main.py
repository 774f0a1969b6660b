from fastapi import FastAPI
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from app.api.routes import auth, notifications
from app.core.config import Settings
from app.core.database import migrate
from app.core.events import EventBus
from app.core.exceptions import AppError, answer_app_error


def create_app(settings: Settings | None = None) -> FastAPI:
    app = FastAPI()
    app.state.settings = settings or Settings.from_environ()
    engine = create_engine(app.state.settings.database_url)
    migrate(engine)
    app.state.sessions = sessionmaker(engine)
    app.state.bus = EventBus(app.state.sessions)
    app.add_exception_handler(AppError, answer_app_error)
    for routes in (auth, notifications):
        app.include_router(routes.router)
    return app
