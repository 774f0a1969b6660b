from fastapi import Request

from app.core.common.entities.types_ import UserId
from app.core.common.exceptions import AuthenticationError
from app.core.common.ports.identity_provider import IdentityProvider
from app.infrastructure.auth_ctx.jwt_processor import JwtProcessor


class JwtIdentityProvider(IdentityProvider):
    def __init__(self, request: Request, jwt_processor: JwtProcessor) -> None:
        self._request = request
        self._jwt_processor = jwt_processor

    def get_current_user_id(self) -> UserId:
        scheme, _, token = self._request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise AuthenticationError("the token is missing")
        return self._jwt_processor.decode(token)
