from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from app.domain.errors import DomainError, EmailTakenError, InvalidTokenError, NotAllowedError, WrongCredentialsError

STATUSES: dict[type[DomainError], int] = {
    EmailTakenError: 409,
    InvalidTokenError: 401,
    NotAllowedError: 403,
    WrongCredentialsError: 401,
}


def answer_domain_errors(app: FastAPI) -> None:
    def answer(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, DomainError)
        return JSONResponse({"detail": str(error)}, STATUSES[type(error)])

    app.add_exception_handler(DomainError, answer)
