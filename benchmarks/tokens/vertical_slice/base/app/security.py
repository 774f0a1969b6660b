import time
from dataclasses import dataclass
from typing import Annotated

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

TOKEN_TTL_S = 900

hasher = PasswordHasher()
# checked where there is no such user, so that a stranger cannot tell by the time that it takes
NOBODYS_HASH = hasher.hash("nobody's password")

Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]


@dataclass(frozen=True)
class Caller:
    id: int
    role: str


def hash_password(password: str) -> str:
    return hasher.hash(password)


def verify_password(password: str, hashed: str | None) -> bool:
    try:
        hasher.verify(hashed or NOBODYS_HASH, password)
    except VerifyMismatchError:
        return False
    return hashed is not None


def issue_token(user_id: int, role: str, secret_key: str) -> str:
    claims = {"sub": str(user_id), "role": role, "exp": int(time.time()) + TOKEN_TTL_S}
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(secret_key))


def get_caller(request: Request, bearer: Bearer) -> Caller:
    if bearer is None:
        raise HTTPException(401, "the token is missing")
    try:
        claims = jwt.decode(bearer.credentials, OctKey.import_key(request.app.state.settings.secret_key)).claims
        jwt.JWTClaimsRegistry(exp={"essential": True}).validate(claims)
    except (JoseError, ValueError):
        raise HTTPException(401, "the token is not valid") from None
    return Caller(int(claims["sub"]), claims["role"])


CallerDep = Annotated[Caller, Depends(get_caller)]


def get_admin(caller: CallerDep) -> Caller:
    if caller.role != "admin":
        raise HTTPException(403, "only an administrator may do this")
    return caller


AdminDep = Annotated[Caller, Depends(get_admin)]
