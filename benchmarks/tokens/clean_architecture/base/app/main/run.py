from fastapi import FastAPI

from app.inbound.http.errors import add_error_handlers
from app.inbound.http.root_router import make_root_router
from app.infrastructure.adapters.event_bus import EventBus
from app.main.config import Settings
from app.main.ioc.container import Container
from app.main.ioc.core import provide_core
from app.main.ioc.infrastructure import provide_infrastructure


def create_app(settings: Settings | None = None) -> FastAPI:
    container, bus = Container(), EventBus()
    provide_core(container, bus)
    provide_infrastructure(container, settings or Settings.from_environ())
    app = FastAPI()
    app.state.container = container
    add_error_handlers(app)
    app.include_router(make_root_router())
    return app
