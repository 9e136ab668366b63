"""Refusals: what the product says when it will not do a thing.

Refusal
├── BadRequest            400  the request cannot be read
├── Unauthenticated       401  who is asking is not known
├── Forbidden             403  who is asking may not
├── NotFound              404  there is no such thing
├── TooSlow               408  the request took too long to arrive
├── Conflict              409  it collides with what is there
├── Gone                  410  it was there and is not any more
├── PreconditionFailed    412  it has changed since it was read
├── TooLarge              413  more bytes or rows than allowed
├── UnsupportedMedia      415  not a kind of content taken here
├── Invalid               422  read, understood, and wrong
├── Locked                423  locked out for a while, or on hold
├── TooMany               429  too many requests
└── Unavailable           503  a part of the house does not answer; trying again can help

Each is rendered once, at the edge, as RFC 9457 `application/problem+json` or as a page.
"""

import errno
import os
from http import HTTPStatus
from typing import Any, ClassVar


class Refusal(Exception):  # noqa: N818  a refusal is an answer, not a malfunction
    """An expected "no": a stable `code` for programs and a sentence for people that says what to do.

    `facts` are further members of the problem document (RFC 9457 section 3.2), for example `report_id`.
    """

    status: ClassVar[HTTPStatus]
    default_code: ClassVar[str]

    def __init__(self, sentence: str, *, code: str | None = None, **facts: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code or self.default_code
        self.facts = facts
        self.headers: dict[str, str] = {}


class BadRequest(Refusal):
    status = HTTPStatus.BAD_REQUEST
    default_code = "bad_request"


class Unauthenticated(Refusal):
    status = HTTPStatus.UNAUTHORIZED
    default_code = "unauthenticated"

    def __init__(self, sentence: str, *, code: str | None = None, **facts: Any) -> None:
        super().__init__(sentence, code=code, **facts)
        self.headers = {"WWW-Authenticate": "Bearer"}


class Forbidden(Refusal):
    status = HTTPStatus.FORBIDDEN
    default_code = "forbidden"


class NotFound(Refusal):
    status = HTTPStatus.NOT_FOUND
    default_code = "not_found"


class TooSlow(Refusal):
    status = HTTPStatus.REQUEST_TIMEOUT
    default_code = "request_too_slow"


class Conflict(Refusal):
    status = HTTPStatus.CONFLICT
    default_code = "conflict"


class Gone(Refusal):
    status = HTTPStatus.GONE
    default_code = "gone"


class PreconditionFailed(Refusal):
    status = HTTPStatus.PRECONDITION_FAILED
    default_code = "changed_meanwhile"


class TooLarge(Refusal):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class UnsupportedMedia(Refusal):
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    default_code = "unsupported_media_type"


class Invalid(Refusal):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    default_code = "invalid"


class Locked(Refusal):
    status = HTTPStatus.LOCKED
    default_code = "locked"


class TooMany(Refusal):
    status = HTTPStatus.TOO_MANY_REQUESTS
    default_code = "too_many_requests"


class Unavailable(Refusal):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    default_code = "unavailable"


class WrongSetting(Exception):  # noqa: N818  said to a person who starts the program
    """A setting that stops the start; the sentence names it."""


def disk_refusal(error: object) -> Unavailable | None:
    """The refusal for a disk (or a quota, or a limit of file sizes) that is full; None for every other error.

    Libraries in other languages tell it in the system's words, without its number.
    """
    if (isinstance(error, OSError) and error.errno in FULL) or any(words in str(error) for words in FULL_WORDS):
        return Unavailable("The disk for files is full; nothing was kept.", code="disk_full")
    return None


FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
FULL_WORDS = tuple(os.strerror(number) for number in FULL)
