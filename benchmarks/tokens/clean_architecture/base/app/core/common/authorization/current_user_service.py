from app.core.commands.ports.user_tx_storage import UserTxStorage
from app.core.common.entities.user import User
from app.core.common.exceptions import AuthenticationError
from app.core.common.ports.identity_provider import IdentityProvider


class CurrentUserService:
    def __init__(self, identity_provider: IdentityProvider, user_tx_storage: UserTxStorage) -> None:
        self._identity_provider = identity_provider
        self._user_tx_storage = user_tx_storage

    def get_current_user(self) -> User:
        user = self._user_tx_storage.get_by_id(self._identity_provider.get_current_user_id())
        if user is None:
            raise AuthenticationError("the account is gone")
        return user
