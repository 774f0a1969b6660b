from fastapi import FastAPI
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from app.config import Settings
from app.database import migrate
from app.events import EventBus
from app.features import block_user, list_notifications, login, register_user
from app.features.register_user import UserCreated
from app.features.send_welcome import send_welcome


def create_app(settings: Settings | None = None) -> FastAPI:
    app = FastAPI()
    app.state.settings = settings or Settings.from_environ()
    engine = create_engine(app.state.settings.database_url)
    migrate(engine)
    app.state.sessions = sessionmaker(engine)
    app.state.bus = EventBus(app.state.sessions)
    app.state.bus.subscribe(UserCreated, send_welcome)
    for feature in (block_user, list_notifications, login, register_user):
        app.include_router(feature.router)
    return app
