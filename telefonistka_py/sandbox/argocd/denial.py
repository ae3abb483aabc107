"""A request that Argo CD would refuse, as an exception that carries its gRPC code.

The gateway turns codes into HTTP statuses and the message into `{"error", "code", "message"}`.
Source: github.com/grpc-ecosystem/grpc-gateway, v1, `runtime/errors.go`.
"""

from typing import Any

UNKNOWN, INVALID, NOT_FOUND, EXISTS, DENIED = 2, 3, 5, 6, 7
PRECONDITION, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, UNAUTHENTICATED = 9, 12, 13, 14, 16

STATUS = {
    UNKNOWN: 500,
    INVALID: 400,
    NOT_FOUND: 404,
    EXISTS: 409,
    DENIED: 403,
    PRECONDITION: 400,
    UNIMPLEMENTED: 501,
    INTERNAL: 500,
    UNAVAILABLE: 503,
    UNAUTHENTICATED: 401,
}
NAMES = {UNKNOWN: "Unknown", INVALID: "InvalidArgument", PRECONDITION: "FailedPrecondition"}


class Denial(Exception):
    """What Argo CD answers instead of what was asked for."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message

    @property
    def status(self) -> int:
        """The HTTP status."""
        return STATUS[self.code]

    @property
    def body(self) -> dict[str, Any]:
        return body(self.code, self.message)

    def within(self, doing: str) -> "Denial":
        """The same as its caller reports it: Go wraps errors by putting words before them."""
        name = NAMES.get(self.code, "Unknown")
        return Denial(self.code, f"{doing}: rpc error: code = {name} desc = {self.message}")


class Missing(Exception):
    """The gateway has no such path or method in this version: answered as plain text, not as JSON."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


def body(code: int, message: str) -> dict[str, Any]:
    return {"error": message, "code": code, "message": message}


def denied() -> Denial:
    """What one may not see and what is not there look alike (docs: developer-guide/api-docs, 403 for missing apps)."""
    return Denial(DENIED, "permission denied")


def no_such_app(name: str) -> Denial:
    return Denial(NOT_FOUND, f'applications.argoproj.io "{name}" not found')
