"""Where the off-site copy goes and with which keys, as the owner set it."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A destination; the keys of S3 and of age are in no repr.

    Without `key_id` the library asks for the role of the machine it runs on. Without
    `recipients` nothing is encrypted.
    """

    url: str
    endpoint: str = ""
    region: str = "us-east-1"
    key_id: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    recipients: tuple[str, ...] = ()
    identity: str = field(default="", repr=False)

    @property
    def where(self) -> str:
        """The destination as a person knows it, and as its place names itself; holds no secret."""
        if self.url.startswith("file:"):
            return f"file://{Path(unquote(urlsplit(self.url).path)).as_posix()}"
        return self.url.rstrip("/")
