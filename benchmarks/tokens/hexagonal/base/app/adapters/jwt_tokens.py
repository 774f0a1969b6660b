import time

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from app.application.ports.security import Caller
from app.domain.errors import InvalidTokenError

TOKEN_TTL_S = 900


class JwtTokens:
    def __init__(self, secret_key: str) -> None:
        self._key = OctKey.import_key(secret_key)

    def issue(self, caller: Caller) -> str:
        claims = {"sub": str(caller.id), "role": caller.role, "exp": int(time.time()) + TOKEN_TTL_S}
        return jwt.encode({"alg": "HS256"}, claims, self._key)

    def read(self, token: str) -> Caller:
        try:
            claims = jwt.decode(token, self._key).claims
            jwt.JWTClaimsRegistry(exp={"essential": True}).validate(claims)
        except (JoseError, ValueError):
            raise InvalidTokenError from None
        return Caller(int(claims["sub"]), claims["role"])
