from app.application.ports.persistence import StartUnitOfWork
from app.domain.errors import UserNotFoundError


class BlockUser:
    def __init__(self, start: StartUnitOfWork) -> None:
        self._start = start

    def __call__(self, id: int) -> None:
        with self._start() as work:
            user = work.users.get(id)
            if user is None:
                raise UserNotFoundError
            user.block()
            work.commit()
