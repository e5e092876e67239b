"""Polling survives what it cannot parse, and knows a second poller from a passing conflict."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Bot
from telegram.error import Conflict, InvalidToken, NetworkError
from telegram.request import BaseRequest

from bot.answers import Refusals
from bot.polling import ConflictWatch, Sieve, sift

TEXT = {
    "message_id": 5,
    "date": 1,
    "text": "/health",
    "chat": {"id": 7, "type": "private"},
    "from": {"id": 7, "is_bot": False, "first_name": "x"},
}
GOOD = {"update_id": 11, "message": TEXT}
BROKEN = {"update_id": 12, "message": {"message_id": "no", "date": "yesterday", "chat": 3}}


class Server(BaseRequest):
    """A request that always brings the same batch."""

    def __init__(self, updates: list[Any]) -> None:
        self._updates = updates

    @property
    def read_timeout(self) -> float | None:
        return 1.0

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def do_request(self, *_: object, **__: object) -> tuple[int, bytes]:
        return 200, json.dumps({"ok": True, "result": self._updates}).encode()


def bot(request: BaseRequest) -> Bot:
    return Bot("123:" + "x" * 20, request=Server([]), get_updates_request=request)


def sieved(server: BaseRequest) -> Sieve:
    return Sieve(server, refusals=Refusals())


async def test_one_bad_update_does_not_cost_the_batch() -> None:
    """The good ones arrive, and the bad one's number still moves the offset on."""
    updates = await bot(sieved(Server([GOOD, BROKEN]))).get_updates()
    assert [update.update_id for update in updates] == [11, 12]
    assert updates[0].message is not None
    assert updates[0].message.text == "/health"
    assert updates[1].message is None


async def test_without_the_sieve_the_batch_is_lost() -> None:
    """The reason for the sieve: PTB alone raises for the whole batch."""
    with pytest.raises((TypeError, AttributeError, ValueError)):
        await bot(Server([GOOD, BROKEN])).get_updates()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.sampled_from(["message", "callback_query", "x"]), json_values)))
async def test_any_update_passes_the_sieve(bodies: list[dict[str, Any]]) -> None:
    """Whatever the server sends, the batch is parsed and every number is kept."""
    batch = [{"update_id": number} | body for number, body in enumerate(bodies, 100)]
    updates = await bot(sieved(Server(batch))).get_updates()
    assert [update.update_id for update in updates] == list(range(100, 100 + len(batch)))


@pytest.mark.parametrize("payload", [b"", b"<html>", b"[]", b'{"ok": false}', b'{"result": [1]}'])
def test_other_answers_are_trouble_on_the_way(payload: bytes) -> None:
    """What is no batch of updates is asked for again after a pause, not at once."""
    assert sift(payload) == (502, payload)


class Steady:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Refusing(Server):
    """Telegram, that refuses the token while `code` says so."""

    code = 401

    async def do_request(self, *_: object, **__: object) -> tuple[int, bytes]:
        body = {"ok": self.code == 200, "error_code": self.code, "result": []}
        return self.code, json.dumps(body).encode()


async def test_a_refused_token_is_believed_when_it_lasts() -> None:
    """A stray 401 is waited out; after half a minute of them PTB's loop may end."""
    server, clock, ends = Refusing([]), Steady(), []
    sieve = Sieve(server, refusals=Refusals(steady_s=clock))
    sieve.on_bad_token = lambda: ends.append(clock.now_s)
    for server.code, clock.now_s in ((200, 0.0), (401, 1.0), (200, 20.0), (401, 40.0), (401, 69.0)):
        with suppress(NetworkError):
            await bot(sieve).get_updates()
    assert ends == []
    clock.now_s = 70.0
    with pytest.raises(InvalidToken):
        await bot(sieve).get_updates()
    assert ends == [70.0]


def watched() -> tuple[ConflictWatch, Steady, list[str]]:
    ends: list[str] = []
    clock = Steady()
    watch = ConflictWatch(on_second_poller=lambda: ends.append("end"), steady_s=clock)
    return watch, clock, ends


def test_a_passing_conflict_is_waited_out() -> None:
    """An old dyno that still ends, and network trouble, are no reason to stop."""
    watch, clock, ends = watched()
    for second in (0.0, 5.0, 14.0):
        clock.now_s = second
        watch(Conflict("other getUpdates"))
        watch(NetworkError("reset"))
    clock.now_s = 500.0
    watch(Conflict("other getUpdates"))
    assert ends == []


def test_a_second_poller_ends_it() -> None:
    """Conflicts over 15 s are another bot on the same token."""
    watch, clock, ends = watched()
    for second in range(0, 16, 5):
        clock.now_s = float(second)
        watch(Conflict("other getUpdates"))
    assert ends == ["end"]
