"""Real S3 servers on the loopback, and a line in between that can be cut, held up or faked."""

import contextlib
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx

from storage.offsite import s3
from storage.offsite.s3 import BucketPlace, Patience
from storage.offsite.target import Target

HOST = "127.0.0.1"
BUCKET = "vigie"
KEY = SECRET = "S3RVER"  # noqa: S105 - the one pair s3rver knows; moto takes any
PIECE = 65_536
START_S = 20.0
SHORT = Patience(
    connect=timedelta(seconds=20),
    silence=timedelta(seconds=20),  # a server on a busy machine may think for seconds
    request=timedelta(seconds=40),
    tries=3,
    all_tries=timedelta(seconds=20),
    first_pause=timedelta(milliseconds=5),
    longest_pause=timedelta(milliseconds=20),
)
ROOT = Path(__file__).parents[3]
S3RVER = ROOT / "node_modules" / "s3rver" / "bin" / "s3rver.js"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server with one empty bucket."""

    name: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"


def bucket(port: int, prefix: str, *, patience: Patience = SHORT, **changed: str) -> BucketPlace:
    """Return the place at that port; `changed` are fields of the target."""
    usual = {
        "url": f"s3://{BUCKET}/{prefix}",
        "endpoint": f"http://{HOST}:{port}",
        "key_id": KEY,
        "secret": SECRET,
    }
    return s3.place(Target(**(usual | changed)), patience=patience)  # type: ignore[arg-type]


@contextlib.contextmanager
def moto() -> Iterator[Server]:
    """Run moto's own server in a process of its own."""
    script = "import sys; from moto.server import main; main(sys.argv[1:])"
    port = free_port()
    with running([sys.executable, "-c", script, "-H", HOST, "-p", str(port)], port):
        httpx.put(f"http://{HOST}:{port}/{BUCKET}").raise_for_status()
        yield Server("moto", port)


@contextlib.contextmanager
def s3rver(folder: Path) -> Iterator[Server]:
    """Run s3rver, of npm."""
    node, port = shutil.which("node"), free_port()
    assert node is not None
    arguments = ["-d", str(folder), "-a", HOST, "-p", str(port), "--configure-bucket", BUCKET]
    with running([node, str(S3RVER), *arguments], port):
        yield Server("s3rver", port)


@contextlib.contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    """Run a server until the block ends; return once it answers."""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_for(port)
            yield
        finally:
            process.kill()


def wait_for(port: int) -> None:
    """Return once somebody answers at a port."""
    end = time.monotonic() + START_S
    while True:
        try:
            socket.create_connection((HOST, port), 1).close()
        except OSError:
            assert time.monotonic() < end, "the server did not start"
            time.sleep(0.05)
        else:
            return


def free_port() -> int:
    """Return a port nobody uses now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class Line:
    """A TCP line to a server, which does what a bad network does.

    `cut_after`: every connection breaks once that many bytes went up, all together, and none
    comes through after that; `cut_down_after` and `cuts_down` say the same of what comes down.
    `breaks`: that many connections break after `cut_after` bytes of
    their own, then all is well. `stop_after`: once that many bytes went up nothing passes, and
    `stopped` is set. `holds`: nothing passes any more. `answers`: the next requests
    are answered with these bytes by the line itself; `answered`: those that match. `loses`: the
    next request that matches gets through, and the connection breaks before its answer does.
    """

    def __init__(self, to: int) -> None:
        self._to = to
        self._door = socket.create_server((HOST, 0))
        self.port = int(self._door.getsockname()[1])
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self.cut_after: int | None = None
        self.breaks: int | None = None
        self.cut_down_after: int | None = None
        self.cuts_down: int | None = None
        self.stop_after: int | None = None
        self.stopped = threading.Event()
        self.holds = False
        self.answers: list[bytes] = []
        self.always = b""
        self.answered: dict[re.Pattern[bytes], list[bytes]] = {}
        self.loses: re.Pattern[bytes] | None = None
        self.up = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def heal(self) -> None:
        """Be a good line again."""
        self.cut_after = self.breaks = self.cut_down_after = self.cuts_down = None
        self.stop_after = self.loses = None
        self.holds, self.answers, self.always, self.up = False, [], b"", 0
        self.answered = {}
        self._drop_all()

    def close(self) -> None:
        """Let go of everything."""
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self._drop_all()

    def _drop_all(self) -> None:
        with self._lock:
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection((HOST, self._to))
        except OSError:
            client.close()
            return
        with self._lock:
            self._open |= {client, server}
        lost = threading.Event()
        down = threading.Thread(target=self._down, args=(server, client, lost), daemon=True)
        down.start()
        with contextlib.suppress(OSError):
            self._up(client, server, lost)
        for one in (client, server):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        down.join()
        with self._lock:
            self._open -= {client, server}
        client.close()
        server.close()

    def _up(self, client: socket.socket, server: socket.socket, lost: threading.Event) -> None:
        own = 0
        while piece := client.recv(PIECE):
            answer = self._answer(piece)
            if answer:
                client.sendall(answer)
                return
            if self.loses is not None and self.loses.match(piece):
                self.loses = None
                lost.set()
            with self._lock:
                room = self._room(own, len(piece))
                own += min(room, len(piece))
                self.up += min(room, len(piece))
            if self.stop_after is not None and self.up > self.stop_after:
                self.holds = True
                self.stopped.set()
            if self.holds:
                continue
            server.sendall(piece[:room])
            if room < len(piece):
                return

    def _room(self, own: int, wanted: int) -> int:
        """Return how many more bytes may pass on this connection."""
        if self.cut_after is None:
            return wanted
        if self.breaks is None:
            return max(0, self.cut_after - self.up)
        if self.breaks <= 0 or own + wanted <= self.cut_after:
            return wanted
        self.breaks -= 1
        return max(0, self.cut_after - own)

    def _answer(self, piece: bytes) -> bytes:
        with self._lock:
            for request, answers in self.answered.items():
                if answers and request.match(piece):
                    return answers.pop(0)
            return self.answers.pop(0) if self.answers else self.always

    def _down(self, server: socket.socket, client: socket.socket, lost: threading.Event) -> None:
        own = 0
        with contextlib.suppress(OSError):
            while piece := server.recv(PIECE):
                own += len(piece)
                if lost.is_set() or self._breaks_down(own):
                    break
                if not self.holds:
                    client.sendall(piece)
            client.shutdown(socket.SHUT_RDWR)

    def _breaks_down(self, own: int) -> bool:
        if self.cut_down_after is None or own <= self.cut_down_after or self.cuts_down == 0:
            return False
        if self.cuts_down is not None:
            self.cuts_down -= 1
        return True


def answer(status: int, code: str, *, extra: str = "") -> bytes:
    """Return an answer of S3 that refuses, as it stands on the line."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message>{extra}</Error>"
    head = f"HTTP/1.1 {status} No\r\nContent-Type: application/xml\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()
