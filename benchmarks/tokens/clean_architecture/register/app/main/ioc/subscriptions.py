from app.core.commands.send_welcome import SendWelcome
from app.core.common.events.user_created import UserCreated
from app.infrastructure.adapters.event_bus import EventBus
from app.main.ioc.container import Container


def subscribe_handlers(container: Container, bus: EventBus) -> None:
    def send_welcome(event: UserCreated) -> None:
        container.call(SendWelcome, lambda interactor: interactor.execute(event))

    bus.subscribe(UserCreated, send_welcome)
