"""What a form of the console sends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qs

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request

_LONGEST: Final = 64 * 1024
_MOST: Final = 100


class Form(msgspec.Struct, frozen=True):
    """The fields of a form (application/x-www-form-urlencoded)."""

    fields: dict[str, list[str]]

    def one(self, name: str) -> str:
        """The first value, without the blanks around it; empty where there is none."""
        return self.fields.get(name, [""])[0].strip()

    def secret(self, name: str) -> str:
        """The first value as it was typed."""
        return self.fields.get(name, [""])[0]

    def all(self, name: str) -> Sequence[str]:
        return [value.strip() for value in self.fields.get(name, []) if value.strip()]

    def listed(self, name: str) -> Sequence[str]:
        """Values with commas or line ends between them."""
        text = self.one(name).replace("，", ",").replace("\n", ",")
        return [part.strip() for part in text.split(",") if part.strip()]


async def form(request: Request) -> Form:
    """The form in the request's body; 413 or 400 where it is none of ours."""
    body = await body_of(request)
    try:
        return Form(parse_qs(body.decode(), keep_blank_values=True, max_num_fields=_MOST, errors="strict"))
    except ValueError as error:
        raise HTTPException(400) from error


async def body_of(request: Request) -> bytes:
    """413 where it is longer than any of ours."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST:
            raise HTTPException(413)
    return bytes(body)
