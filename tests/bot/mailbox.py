"""A mail server and a web service on loopback, which take, refuse, hang or hang up as told."""

import asyncio
import email
import email.policy
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import StrEnum
from typing import Any


class Mood(StrEnum):
    """What the mail server does with the next connection."""

    TAKE = "take"
    REFUSE = "refuse"  # 554 at the greeting
    NO_LOGIN = "no login"  # 535
    NO_SUCH_BOX = "no such box"  # 550 to the recipient
    FULL = "full"  # 452 after the message
    HANG_UP = "hang up"  # before the message
    SILENT = "silent"  # it is taken, and the answer never comes
    HOLD = "hold"  # it is taken, and nothing more happens
    RUDE = "rude"  # it is taken, and the farewell is not
    BABBLE = "babble"  # an answer without an end


GREETINGS = {Mood.REFUSE: "554 not today"}
WORDS = {
    "EHLO": "250-loopback\r\n250 AUTH PLAIN LOGIN",
    "AUTH": "235 come in",
    "DATA": "354 go on",
    "QUIT": "221 bye",
}


@dataclass
class Mailbox:
    """An SMTP server; `letters` holds what it took, also where its answer was lost."""

    moods: deque[Mood] = field(default_factory=deque)
    always: Mood = Mood.TAKE
    letters: list[EmailMessage] = field(default_factory=list)
    envelopes: list[list[str]] = field(default_factory=list)
    visits: int = 0
    port: int = 0
    closed: bool = False

    @property
    def subjects(self) -> list[str]:
        """Return the subjects of what was taken, in order."""
        return [str(letter["Subject"]) for letter in self.letters]

    def text(self, number: int) -> str:
        """Return the text of one letter."""
        return str(self.letters[number].get_content()).replace("\r\n", "\n")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak to one client."""
        self.visits += 1
        mood = self.moods.popleft() if self.moods else self.always
        try:
            await self._talk(reader, writer, mood)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, mood: Mood
    ) -> None:
        async def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())
            await writer.drain()

        await say(GREETINGS.get(mood, "220 loopback"))
        said: list[str] = []
        while line := (await reader.readline()).decode().strip():
            said.append(line)
            while mood is Mood.BABBLE and not self.closed:
                await say("250-and another thing")
                await asyncio.sleep(0.01)
            if not (answer := _answer(said, mood)):
                return
            await say(answer)
            if answer.startswith("354"):
                self._take(await reader.readuntil(b"\r\n.\r\n"), said, mood)
                if mood is Mood.HOLD:
                    await reader.read()
                if mood in {Mood.HOLD, Mood.SILENT}:
                    return
                await say("452 no room" if mood is Mood.FULL else "250 taken")

    def _take(self, raw: bytes, said: list[str], mood: Mood) -> None:
        assert raw.isascii()
        assert raw.count(b"\n") == raw.count(b"\r\n")
        if mood is not Mood.FULL:
            policy = email.policy.default
            self.letters.append(email.message_from_bytes(raw[:-5], policy=policy))
            self.envelopes.append([one for one in said if one.upper()[:4] in {"MAIL", "RCPT"}])


def _answer(said: list[str], mood: Mood) -> str:
    """Return the line that answers the last of what was said, "" to hang up."""
    word = said[-1].upper().split()[0]
    if word == "MAIL" and said[0][:4].upper() != "EHLO":
        return "503 who are you"
    if word == "DATA" and mood is Mood.HANG_UP:
        return ""
    if word == "RCPT" and ("nobody@" in said[-1] or mood is Mood.NO_SUCH_BOX):
        return "550 nobody here"
    if word == "AUTH" and mood is Mood.NO_LOGIN:
        return "535 wrong"
    if word == "QUIT" and mood is Mood.RUDE:
        return "500 stay"
    return WORDS.get(word, "250 ok")


@dataclass
class Hooks:
    """A web service; `always` answers every post, with `headers`; None hangs up instead."""

    statuses: deque[int | None] = field(default_factory=deque)
    always: int | None = 200
    headers: str = ""
    posts: list[dict[str, Any]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    port: int = 0
    closed: bool = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.partition(":")[2])
            for line in head.splitlines()
            if line.lower().startswith("content-length")
        )
        body = json.loads(await reader.readexactly(length))
        status = self.statuses.popleft() if self.statuses else self.always
        self.heads.append(head)
        self.posts.append(body)
        if status is not None:
            said = f"HTTP/1.1 {status} x\r\nContent-Length: 0\r\n{self.headers}\r\n"
            writer.write(said.encode())
            await writer.drain()
        writer.close()


@asynccontextmanager
async def listening(server: Mailbox | Hooks, port: int = 0) -> AsyncIterator[int]:
    """Serve on loopback while the block runs, on this port (0: any)."""
    listener = await asyncio.start_server(server.serve, "127.0.0.1", port)
    server.closed = False
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server.port
    finally:
        server.closed = True
        listener.close()
