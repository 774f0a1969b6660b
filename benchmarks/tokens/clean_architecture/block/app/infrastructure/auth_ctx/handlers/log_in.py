from dataclasses import dataclass

from app.core.commands.ports.user_tx_storage import UserTxStorage
from app.core.common.exceptions import AuthenticationError
from app.core.common.services.user import UserService
from app.core.common.value_objects.email import Email
from app.core.common.value_objects.raw_password import RawPassword
from app.infrastructure.auth_ctx.exceptions import UserBlockedError
from app.infrastructure.auth_ctx.jwt_processor import JwtProcessor


@dataclass(frozen=True, slots=True, kw_only=True)
class LogInRequest:
    email: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogInResponse:
    access_token: str
    token_type: str = "bearer"


class LogIn:
    """- Open to everyone who is not blocked."""

    def __init__(self, user_tx_storage: UserTxStorage, user_service: UserService, jwt_processor: JwtProcessor) -> None:
        self._user_tx_storage = user_tx_storage
        self._user_service = user_service
        self._jwt_processor = jwt_processor

    def execute(self, request: LogInRequest) -> LogInResponse:
        user = self._user_tx_storage.get_by_email(Email(request.email))
        if not self._user_service.is_password_valid(user, RawPassword(request.password)) or user is None:
            raise AuthenticationError("the email or the password is wrong")
        if user.is_blocked:
            raise UserBlockedError
        return LogInResponse(access_token=self._jwt_processor.encode(user.id_))
