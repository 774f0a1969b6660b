import time

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from app.core.common.entities.types_ import UserId
from app.core.common.exceptions import AuthenticationError

TOKEN_TTL_S = 900


class JwtProcessor:
    def __init__(self, secret_key: str) -> None:
        self._key = OctKey.import_key(secret_key)

    def encode(self, user_id: UserId) -> str:
        claims = {"sub": str(user_id), "exp": int(time.time()) + TOKEN_TTL_S}
        return jwt.encode({"alg": "HS256"}, claims, self._key)

    def decode(self, token: str) -> UserId:
        try:
            claims = jwt.decode(token, self._key).claims
            jwt.JWTClaimsRegistry(exp={"essential": True}).validate(claims)
        except (JoseError, ValueError):
            raise AuthenticationError("the token is not valid") from None
        return UserId(int(claims["sub"]))
