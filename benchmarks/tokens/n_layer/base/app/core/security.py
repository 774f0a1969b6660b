import time
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from app.core.exceptions import UnauthorizedError

TOKEN_TTL_S = 900

hasher = PasswordHasher()
# checked where there is no such user, so that a stranger cannot tell by the time that it takes
NOBODYS_HASH = hasher.hash("nobody's password")


@dataclass(frozen=True)
class Caller:
    id: int
    role: str


class PasswordHandler:
    @staticmethod
    def hash(password: str) -> str:
        return hasher.hash(password)

    @staticmethod
    def verify(password: str, hashed: str | None) -> bool:
        try:
            hasher.verify(hashed or NOBODYS_HASH, password)
        except VerifyMismatchError:
            return False
        return hashed is not None


class TokenHandler:
    def __init__(self, secret_key: str) -> None:
        self._key = OctKey.import_key(secret_key)

    def encode(self, caller: Caller) -> str:
        claims = {"sub": str(caller.id), "role": caller.role, "exp": int(time.time()) + TOKEN_TTL_S}
        return jwt.encode({"alg": "HS256"}, claims, self._key)

    def decode(self, token: str) -> Caller:
        try:
            claims = jwt.decode(token, self._key).claims
            jwt.JWTClaimsRegistry(exp={"essential": True}).validate(claims)
        except (JoseError, ValueError):
            raise UnauthorizedError("the token is not valid") from None
        return Caller(int(claims["sub"]), claims["role"])
