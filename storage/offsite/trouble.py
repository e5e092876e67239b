"""What can be wrong with an off-site copy, each with what a person can do about it."""

from collections.abc import Mapping
from enum import StrEnum


class Trouble(StrEnum):
    """One cause; a view may say it in its own words."""

    KEYS = "keys"
    DENIED = "denied"
    BUCKET = "bucket"
    REGION = "region"
    CLOCK = "clock"
    UNREACHABLE = "unreachable"
    BUSY = "busy"
    FULL = "full"
    NOT_THERE = "not_there"
    NOT_MOUNTED = "not_mounted"
    CHAT = "chat"
    UNPINNED = "unpinned"
    OTHERS = "others"
    OWED = "owed"
    SEALED = "sealed"
    RECIPIENTS = "recipients"
    DAMAGED = "damaged"
    NOTHING = "nothing"
    LOCAL = "local"
    LOCAL_FULL = "local_full"
    FOLDER = "folder"
    URL = "url"
    ODD = "odd"


AGAIN = "the next copy goes on where this one ended"
ADVICE: Mapping[Trouble, str] = {
    Trouble.KEYS: "the keys are refused: check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    Trouble.DENIED: (
        "these keys may not do that there: "
        "allow them ListBucket, GetObject, PutObject and DeleteObject"
    ),
    Trouble.BUCKET: "there is no such bucket: create it, or correct BACKUP_OFFSITE",
    Trouble.REGION: "the bucket lies in another region: set AWS_REGION",
    Trouble.CLOCK: "the server finds this machine's clock wrong: set its time",
    Trouble.UNREACHABLE: (
        f"no answer, or it broke off: check the network and AWS_ENDPOINT_URL; {AGAIN}"
    ),
    Trouble.BUSY: f"the server fails or is overloaded; {AGAIN}",
    Trouble.FULL: "no room left there: make some, or keep fewer snapshots",
    Trouble.NOT_THERE: (
        "no such folder: mount the disk, create the folder, or correct BACKUP_OFFSITE"
    ),
    Trouble.NOT_MOUNTED: (
        "the copies that were there are gone, or no disk is mounted: mount it; "
        "to begin afresh on an empty one, delete offsite.json in BACKUP_DIR"
    ),
    Trouble.CHAT: "let the bot into that chat, and let it send documents and pin messages there",
    Trouble.UNPINNED: (
        "the index of the copies is not the chat's newest pinned message: unpin what is newer, or "
        "pin it again; to begin afresh there, delete offsite.json in BACKUP_DIR"
    ),
    Trouble.OTHERS: (
        "something else of that name is there: give each Vigie a prefix or folder of its own"
    ),
    Trouble.OWED: (
        "this machine began empty, and the copies there could not be brought home: nothing goes "
        "there until a restart of Vigie brings them; to begin afresh, delete offsite.json in "
        "BACKUP_DIR"
    ),
    Trouble.SEALED: (
        "it is encrypted, and BACKUP_AGE_IDENTITY does not open it: "
        "set the secret key that belongs to it"
    ),
    Trouble.RECIPIENTS: (
        "check BACKUP_AGE_RECIPIENTS (age1…) and BACKUP_AGE_IDENTITY (AGE-SECRET-KEY-1…)"
    ),
    Trouble.DAMAGED: "it is missing, or not what was put there: see to that bucket or disk",
    Trouble.NOTHING: "no complete snapshot is there: check BACKUP_OFFSITE",
    Trouble.LOCAL: "the file here is not what its manifest says: verify the backups",
    Trouble.LOCAL_FULL: "no room left in BACKUP_DIR: make some and try again",
    Trouble.FOLDER: "BACKUP_DIR could not be read or written: see its permissions and its disk",
    Trouble.URL: "write BACKUP_OFFSITE as s3://bucket/prefix, file:///folder or telegram://chat-id",
    Trouble.ODD: "refused for a reason of its own: see the server's log",
}


class WrongKeyError(Exception):
    """The secret key opens none of it."""


class BrokenSealError(Exception):
    """What was encrypted was damaged or cut off."""


class OffsiteError(Exception):
    """Why the off-site copy could not be made or read. Holds no secret, nor does its text.

    `where` is the destination as a person knows it, `name` the object it is about, `said` the
    other side's own short word for it.
    """

    def __init__(self, trouble: Trouble, where: str, *, name: str = "", said: str = "") -> None:
        place = f"{where}/{name}" if name else where
        super().__init__(f"{place}: {ADVICE[trouble]}{f' ({said})' if said else ''}")
        self.trouble = trouble
        self.where = where
        self.name = name
        self.said = said
