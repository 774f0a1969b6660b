from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

from app.infrastructure.auth_ctx.handlers.log_in import LogIn
from app.infrastructure.auth_ctx.jwt_processor import JwtProcessor
from app.infrastructure.persistence_sqla.mappings.all import map_tables
from app.infrastructure.persistence_sqla.migrations import migrate
from app.main.config import Settings
from app.main.ioc.container import Container


def provide_infrastructure(container: Container, settings: Settings) -> None:
    engine = create_engine(settings.database_url)
    migrate(engine)
    map_tables()
    container.provide_value(sessionmaker(engine), provides=sessionmaker[Session])
    container.provide_value(JwtProcessor(settings.secret_key))
    container.provide(LogIn)
