"""A bucket of any S3-compatible service as the off-site copy; the only door to obstore."""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from storage.offsite.place import Stored
from storage.offsite.target import Target
from storage.offsite.trouble import OffsiteError, Trouble

if TYPE_CHECKING:
    from obstore import GetResult
    from obstore.store import BackoffConfig, ClientConfig, RetryConfig, S3Config

PART_BYTES = 5 * 1024 * 1024
PARTS_AT_ONCE = 2  # each costs its size in memory, and more of them fill no line faster
PIECE_BYTES = 1024 * 1024
PLAIN, HASH = "plain-sha256", "sha256"
CODE = re.compile(r"<Code>([A-Za-z0-9]{1,60})</Code>")
STATUS = re.compile(r"status code: (\d{3})")
# The end of an upload in parts failed, and what is told is that of clearing them away; or its
# answer was lost, and of what had ended well nobody knew when it was asked for again.
UNCLEAR = re.compile(r"performing DELETE|<Code>NoSuchUpload<")
CODES: Mapping[str, Trouble] = {
    "NoSuchBucket": Trouble.BUCKET,
    "InvalidBucketName": Trouble.BUCKET,
    "InvalidAccessKeyId": Trouble.KEYS,
    "SignatureDoesNotMatch": Trouble.KEYS,
    "ExpiredToken": Trouble.KEYS,
    "InvalidToken": Trouble.KEYS,
    "AccessDenied": Trouble.DENIED,
    "RequestTimeTooSkewed": Trouble.CLOCK,
    "RequestExpired": Trouble.CLOCK,
    "PermanentRedirect": Trouble.REGION,
    "AuthorizationHeaderMalformed": Trouble.REGION,
    "QuotaExceeded": Trouble.FULL,
    "XMinioStorageFull": Trouble.FULL,
    "NoSuchKey": Trouble.DAMAGED,
    "301": Trouble.REGION,
    "400": Trouble.ODD,
    "401": Trouble.KEYS,
    "403": Trouble.DENIED,
    "404": Trouble.DAMAGED,
    "429": Trouble.BUSY,
    "507": Trouble.FULL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait, and how often to try again, before a copy is given up for now."""

    connect: timedelta = timedelta(seconds=10)
    silence: timedelta = timedelta(minutes=2)
    request: timedelta = timedelta(minutes=15)
    tries: int = 6
    all_tries: timedelta = timedelta(minutes=3)
    first_pause: timedelta = timedelta(milliseconds=200)
    longest_pause: timedelta = timedelta(seconds=15)

    def pauses(self) -> Iterator[timedelta]:
        """Yield how long to wait before each further try; together they last `all_tries`."""
        pause, left = self.first_pause, self.all_tries
        while left > timedelta(0):
            yield min(pause, left)
            left -= pause
            pause = min(2 * pause, self.longest_pause)


class BucketPlace:
    """Objects below a prefix of a bucket; whatever is uploaded is signed with its own hash."""

    def __init__(self, store: S3Store, where: str, patience: Patience) -> None:
        self._store = store
        self.where = where
        self._patience = patience

    @property
    def if_empty(self) -> Trouble | None:
        """A bucket is there or it is not."""
        return None

    def names(self) -> Mapping[str, int]:
        """Return every object directly below the prefix, with its size."""
        try:
            found = obstore.list_with_delimiter(self._store)["objects"]
        except (BaseError, OSError) as error:
            raise self._said(error) from None
        return {meta["path"]: meta["size"] for meta in found}

    def stored(self, name: str) -> Stored | None:
        """Return what was noted with the object when it was put there."""
        head = self._head(name)
        if head is None:
            return None
        noted = {str(key).lower(): value for key, value in head.attributes.items()}
        if HASH not in noted:
            return None
        return Stored(size=head.meta["size"], sha256=noted[HASH], plain_sha256=noted.get(PLAIN, ""))

    def put(self, name: str, source: Path, content: Stored) -> None:
        """Upload a file, in parts where it is large; Trouble.DAMAGED where it is not seen there.

        The server's last word is not believed as it stands: it may come before the object can be
        read, or be of no success though the object is whole.
        """
        noted = {HASH: content.sha256}
        if content.plain_sha256:
            noted[PLAIN] = content.plain_sha256
        try:
            obstore.put(
                self._store, name, source, attributes=noted,
                chunk_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE,
            )  # fmt: skip
        except (BaseError, OSError) as error:
            if UNCLEAR.search(str(error)) is None:
                raise self._said(error, name) from None
        else:
            self._await(name, content.size)
            return
        if self.stored(name) != content:
            raise OffsiteError(Trouble.BUSY, self.where, name=name)

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield an object's bytes; a connection that breaks is taken up again where it was."""
        try:
            for piece in obstore.get(self._store, name).stream(min_chunk_size=PIECE_BYTES):
                yield bytes(piece)
        except (BaseError, OSError) as error:
            raise self._said(error, name) from None

    def remove(self, name: str) -> None:
        """Delete an object."""
        try:
            obstore.delete(self._store, name)
        except (BaseError, OSError) as error:
            told = self._said(error, name)
            if told.trouble is not Trouble.DAMAGED:  # which says here that it is gone already
                raise told from None

    def _head(self, name: str) -> "GetResult | None":
        try:
            return obstore.get(self._store, name, options={"head": True})
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise self._said(error, name) from None

    def _await(self, name: str, size: int) -> None:
        """Return once the object is seen with that size; Trouble.DAMAGED after all patience."""
        for pause in self._patience.pauses():
            head = self._head(name)
            if head is not None and head.meta["size"] == size:
                return
            time.sleep(pause.total_seconds())
        raise OffsiteError(Trouble.DAMAGED, self.where, name=name)

    def _said(self, error: Exception, name: str = "") -> OffsiteError:
        trouble, said = understood(str(error))
        return OffsiteError(trouble, self.where, name=name, said=said)


def place(target: Target, *, patience: Patience | None = None) -> BucketPlace:
    """Return the place of `s3://bucket/prefix`. Raise OffsiteError, Trouble.URL, for another."""
    name, _, prefix = target.url.removeprefix("s3://").partition("/")
    if not name:
        raise OffsiteError(Trouble.URL, target.url)
    patience = patience or Patience()
    try:
        store = S3Store(
            name,
            prefix=prefix.strip("/") or None,
            config=_config(target),
            client_options=_client(target, patience),
            retry_config=_retry(patience),
        )
    except (BaseError, OSError, ValueError) as error:
        raise OffsiteError(understood(str(error))[0], target.url) from None
    return BucketPlace(store, target.where, patience)


def _config(target: Target) -> "S3Config":
    """Return what is set; what is not, the library takes from the machine's role, if it has one."""
    config: S3Config = {"region": target.region, "disable_bulk_delete": True}
    if target.endpoint:
        config["endpoint"] = target.endpoint.rstrip("/")
    if target.key_id:
        config["access_key_id"] = target.key_id
        config["secret_access_key"] = target.secret
    if target.token:
        config["session_token"] = target.token
    return config


def _client(target: Target, patience: Patience) -> "ClientConfig":
    return {
        "allow_http": target.endpoint.startswith("http://"),
        "connect_timeout": patience.connect,
        "read_timeout": patience.silence,
        "timeout": patience.request,
    }


def _retry(patience: Patience) -> "RetryConfig":
    backoff: BackoffConfig = {
        "init_backoff": patience.first_pause,
        "max_backoff": patience.longest_pause,
        "base": 2,
    }
    return {
        "max_retries": patience.tries - 1,
        "retry_timeout": patience.all_tries,
        "backoff": backoff,
    }


def understood(text: str) -> tuple[Trouble, str]:
    """Return what an error of the library means, and the server's word for it, if any.

    The text itself is shown to nobody: servers quote keys and signatures in their answers.
    """
    code, status = CODE.search(text), STATUS.search(text)
    said = code[1] if code else status[1] if status else ""
    if said in CODES:
        return CODES[said], said
    if status is not None:
        known = CODES.get(status[1], Trouble.ODD)
        return (Trouble.BUSY if status[1].startswith("5") else known), said
    if "redential" in text or "AccessKey" in text or "169.254." in text:
        return Trouble.KEYS, ""
    if "redirect" in text:
        return Trouble.REGION, ""
    if "Http" in text or "HTTP error" in text or "error sending" in text:
        return Trouble.UNREACHABLE, ""
    return Trouble.ODD, ""
