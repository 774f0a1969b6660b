from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from app.core.common.exceptions import AppError, AuthenticationError, AuthorizationError, InvalidValueError

STATUSES: dict[type[AppError], int] = {
    AuthenticationError: 401,
    AuthorizationError: 403,
    InvalidValueError: 422,
}


def answer_app_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AppError)
    return JSONResponse({"detail": str(error)}, STATUSES[type(error)])


def add_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(AppError, answer_app_error)
