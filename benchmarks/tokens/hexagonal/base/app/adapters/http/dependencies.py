from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.application.ports.security import Caller
from app.bootstrap import Application
from app.domain.errors import InvalidTokenError, NotAllowedError

Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]


def get_application(request: Request) -> Application:
    application: Application = request.app.state.application
    return application


ApplicationDep = Annotated[Application, Depends(get_application)]


def get_caller(bearer: Bearer, application: ApplicationDep) -> Caller:
    if bearer is None:
        raise InvalidTokenError
    return application.tokens.read(bearer.credentials)


CallerDep = Annotated[Caller, Depends(get_caller)]


def get_admin(caller: CallerDep) -> Caller:
    if caller.role != "admin":
        raise NotAllowedError
    return caller


AdminDep = Annotated[Caller, Depends(get_admin)]
