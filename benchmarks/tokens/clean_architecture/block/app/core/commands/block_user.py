from dataclasses import dataclass

from app.core.commands.exceptions import UserNotFoundError
from app.core.commands.ports.transaction_manager import TransactionManager
from app.core.commands.ports.user_tx_storage import UserTxStorage
from app.core.common.authorization.current_user_service import CurrentUserService
from app.core.common.authorization.permissions import authorize_admin
from app.core.common.entities.types_ import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockUserRequest:
    user_id: int


class BlockUser:
    """
    - Open to administrators.
    - Blocks a user, who cannot log in then.
    """

    def __init__(
        self,
        current_user_service: CurrentUserService,
        user_tx_storage: UserTxStorage,
        transaction_manager: TransactionManager,
    ) -> None:
        self._current_user_service = current_user_service
        self._user_tx_storage = user_tx_storage
        self._transaction_manager = transaction_manager

    def execute(self, request: BlockUserRequest) -> None:
        authorize_admin(self._current_user_service.get_current_user())
        user = self._user_tx_storage.get_by_id(UserId(request.user_id))
        if user is None:
            raise UserNotFoundError
        user.block()
        self._transaction_manager.commit()
