"""Files in a call: uploads, `attach://` names and ids of files sent before."""

from collections.abc import Mapping
from typing import Any

from bot.sandbox.limits import DOCUMENT_BYTES, PHOTO_BYTES, bad, refuse
from bot.sandbox.world import Upload, World

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
LONGEST_SIDES_PX = 10_000
FLATTEST = 20


def resolve(world: World, given: object, field: str, uploads: Mapping[str, Upload]) -> str:
    """Return the file id of what the field names; refuses what is not there."""
    if given is None:
        return world.keep(uploads[field])
    name = str(given)
    if name in world.files:
        return name
    if name.startswith("attach://"):
        upload = uploads.get(name.removeprefix("attach://"))
        if upload is None:
            bad("attached file not found (sandbox: no part of that name)")
        return world.keep(upload)
    if name.startswith(("http://", "https://")):
        bad("failed to get HTTP URL content (sandbox: nothing is fetched)")
    return bad("wrong file identifier/HTTP URL specified")


def photo(file_id: str, upload: Upload) -> list[dict[str, Any]]:
    """Return Telegram's PhotoSize list; refuses what is no PNG or JPEG, or too large."""
    _fits(upload, PHOTO_BYTES, "Photo")
    width, height = _size_px(upload.content)
    if not width or not height:
        bad("IMAGE_PROCESS_FAILED")
    long, short = max(width, height), min(width, height)
    if width + height > LONGEST_SIDES_PX or long > FLATTEST * short:
        bad("PHOTO_INVALID_DIMENSIONS")
    size = {"width": width, "height": height, "file_size": len(upload.content)}
    return [{"file_id": file_id, "file_unique_id": f"u{file_id}"} | size]


def document(file_id: str, upload: Upload) -> dict[str, Any]:
    """Return Telegram's Document."""
    _fits(upload, DOCUMENT_BYTES, "Document")
    head = {"file_id": file_id, "file_unique_id": f"u{file_id}"}
    return head | {"file_name": upload.name, "file_size": len(upload.content)}


def _fits(upload: Upload, limit_bytes: int, what: str) -> None:
    if not upload.content:
        bad("file must be non-empty")
    if len(upload.content) > DOCUMENT_BYTES:
        refuse("Request Entity Too Large", code=413)
    if len(upload.content) > limit_bytes:
        bad(f"too big file: {what} of {len(upload.content)} bytes, limit {limit_bytes}")


def _size_px(content: bytes) -> tuple[int, int]:
    """Return width and height of a PNG or JPEG, zeros of anything else."""
    if content.startswith(PNG) and content[12:16] == b"IHDR" and b"IEND" in content[-16:]:
        return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    return _jpeg_px(content) if content.startswith(JPEG) else (0, 0)


def _jpeg_px(content: bytes) -> tuple[int, int]:
    pos = 2
    while pos + 9 < len(content) and content[pos] == 0xFF:  # noqa: PLR2004 - JPEG's marker byte
        kind = content[pos + 1]
        if 0xC0 <= kind <= 0xCF and kind not in {0xC4, 0xC8, 0xCC}:  # noqa: PLR2004 - frame headers
            height = int.from_bytes(content[pos + 5 : pos + 7])
            return int.from_bytes(content[pos + 7 : pos + 9]), height
        pos += 2 + int.from_bytes(content[pos + 2 : pos + 4])
    return 0, 0
