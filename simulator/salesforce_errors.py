"""How Salesforce says no: for a request as a whole, or for one record of many."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.http import Response, json_response


@dataclass(frozen=True, slots=True)
class RecordError:
    code: str
    message: str
    fields: tuple[str, ...] = ()

    def in_collection(self) -> dict[str, object]:
        """Inside a collection the code is called `statusCode`, at the top level `errorCode`."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}


class Refused(Exception):  # noqa: N818 - named for what the server did
    """A request that is refused as a whole."""

    def __init__(self, status: int, code: str, message: str, fields: tuple[str, ...] | None = None) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields
        super().__init__(f"{code}: {message}")

    def response(self) -> Response:
        error: dict[str, object] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            error["fields"] = list(self.fields)
        return json_response([error], self.status)


class RecordRefused(Exception):  # noqa: N818 - named for what the server did
    """One record that is refused."""

    def __init__(self, code: str, message: str, *fields: str) -> None:
        self.error = RecordError(code, message, fields)
        super().__init__(f"{code}: {message}")


def not_found() -> Refused:
    return Refused(404, "NOT_FOUND", "The requested resource does not exist")


_NOT_FOUND_CODES = {"NOT_FOUND", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"}


def alone(error: RecordError) -> Refused:
    """The same refusal where the request was for that one record."""
    missing = error.code in _NOT_FOUND_CODES and not error.fields
    return Refused(404 if missing else 400, error.code, error.message, error.fields)
