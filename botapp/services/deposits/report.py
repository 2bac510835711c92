"""Read the body of a deposit report over HTTP, and say in plain words what is wrong with it. Pure."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from botapp.store.domain import money

_MAX_CHARS: Final = 100
#: characters of a key that an answer repeats
_MAX_KEY_CHARS: Final = 30


class DepositReport(Struct, frozen=True):
    """The body of a request."""

    #: idempotency key of the deposit
    id: Annotated[str, Meta(min_length=1, max_length=_MAX_CHARS, pattern=r"\A[\x21-\x7e]+\Z")]
    handle: Annotated[str, Meta(min_length=1, max_length=_MAX_CHARS)]
    #: base units, or a text such as "1 World Lock, 2 Diamond Lock"
    amount: int | Annotated[str, Meta(max_length=money.MAX_TEXT_CHARS)]


#: by key: what its value must be
_EXPECTED: Final = {
    "id": f"1 to {_MAX_CHARS} printable ASCII characters without spaces",
    "handle": f"a text of 1 to {_MAX_CHARS} characters",
    "amount": f"a whole number, or a text of at most {money.MAX_TEXT_CHARS} characters",
}


class BadReport(ValueError):
    """The body is not a deposit report; the message says why, for the author of the sending program."""


def parse_report(body: bytes) -> DepositReport:
    """Return the report in a body. Raises BadReport."""
    try:
        fields = json.loads(body.decode(), object_pairs_hook=_require_unique)
    except BadReport:
        raise
    except (ValueError, RecursionError):
        raise BadReport("the body is not JSON in UTF-8") from None
    if not isinstance(fields, dict):
        raise BadReport("the body is not an object with id, handle and amount")
    for key in fields:
        if key not in _EXPECTED:
            raise BadReport(f"unknown key {_shown(key)}; expected id, handle and amount")
    for field in msgspec.structs.fields(DepositReport):
        if field.name not in fields:
            raise BadReport(f"{field.name} is missing")
        if not _is_valid(fields[field.name], field.type):
            raise BadReport(f"{field.name} must be {_EXPECTED[field.name]}")
    return DepositReport(**fields)


def _require_unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object with these keys. Raises BadReport if one occurs twice: readers disagree about which counts."""
    fields: dict[str, Any] = {}
    for key, value in pairs:
        if key in fields:
            raise BadReport(f"the key {_shown(key)} occurs twice")
        fields[key] = value
    return fields


def _is_valid(value: object, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
        str(value).encode()  # half of a surrogate pair is no character
    except (msgspec.ValidationError, UnicodeEncodeError):
        return False
    return True


def _shown(key: str) -> str:
    return json.dumps(key if len(key) <= _MAX_KEY_CHARS else key[:_MAX_KEY_CHARS] + "…")
