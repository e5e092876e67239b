"""Reads the three kinds of bodies the Bot API takes: JSON, URL-encoded and multipart."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.parser import HeaderParser
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from bot.sandbox.world import Upload


@dataclass(frozen=True, slots=True)
class Body:
    """A call's parameters and files."""

    params: Mapping[str, Any]
    files: Mapping[str, Upload] = field(default_factory=dict)


async def read(request: Request) -> Body:
    """Return the query's and the body's parameters; ValueError for what is no JSON object."""
    query = dict(request.query_params)
    content = await request.body()
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        form = _multipart(kind, content)
        return Body(query | dict(form.params), form.files)
    if kind.startswith("application/json") and content:
        whole = json.loads(content)
        if not isinstance(whole, dict):
            raise ValueError(content[:20])
        return Body(query | whole)
    return Body(query | dict(parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True)))


def _multipart(kind: str, content: bytes) -> Body:
    boundary = str(HeaderParser().parsestr(f"content-type: {kind}").get_param("boundary", ""))
    params: dict[str, Any] = {}
    files: dict[str, Upload] = {}
    parts = (b"\r\n" + content).split(f"\r\n--{boundary}".encode())
    for part in parts[1:-1]:
        head, _, value = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        fields = HeaderParser().parsestr(head.decode("utf-8", "replace"))
        name = str(fields.get_param("name", "", "content-disposition"))
        filename = fields.get_filename()
        if filename is None:
            params[name] = value.decode("utf-8", "replace")
        else:
            files[name] = Upload(filename, value)
    return Body(params, files)
