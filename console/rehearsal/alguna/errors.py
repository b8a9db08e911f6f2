"""What a refused call answers: https://alguna.com/docs/api-reference/v2/overview (body `{status, detail}`)."""

from __future__ import annotations

from collections.abc import Mapping


class AlgunaError(Exception):
    """A refusal with its HTTP status and one sentence; `headers` are sent along."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})

    def body(self) -> dict[str, object]:
        """The JSON body."""
        return {"status": self.status, "detail": self.detail}


def invalid(detail: str) -> AlgunaError:
    """422: the request was understood and breaks a rule."""
    return AlgunaError(422, f"Validation failed: {detail}")


def malformed(detail: str) -> AlgunaError:
    """400: a parameter or the body cannot be read."""
    return AlgunaError(400, detail)


def missing(what: str, key: str) -> AlgunaError:
    """404: no such record."""
    return AlgunaError(404, f"{what} not found: {key}")
