"""The Telegram chat as the off-site copy, over HTTP, against the sandbox's Bot API."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyrage.x25519 import Identity

from bot.chat_copies import BotChat, Patience
from bot.copies import copies
from bot.sandbox.api import BotApi
from bot.sandbox.faults import ACCEPTED_THEN_TIMED_OUT, RESET, Fault, status, too_many
from bot.sandbox.world import Upload
from bot.settings import load
from storage.archives.manifest import Manifest, manifest_name
from storage.offsite import parts
from storage.offsite.chat import ChatPlace
from storage.offsite.copies import Offsite
from storage.offsite.parts import INDEX_NAME, PART_BYTES
from storage.offsite.results import Why
from storage.offsite.sealing import Seal
from storage.offsite.trouble import OffsiteError, Trouble
from tests.sandbox.conftest import serving
from tests.storage.offsite.backups import START, Backups, content, files_of

ADA, GROUP, SMALL = 7, -1001, 8_000
T = TypeVar("T")


@dataclass
class Room:
    """A chat over HTTP, and the backups that are copied into it."""

    api: BotApi
    backups: Backups
    root: str
    waited: list[float]

    def place(self, chat_id: int = ADA, *, part_bytes: int = SMALL) -> ChatPlace:
        patience = Patience(silence_s=0.4, tries=2, pause_s=0.0, wait=self.waited.append)
        chat = BotChat(chat_id, token=self.api.token, root=self.root, patience=patience)
        return ChatPlace(chat, part_bytes=part_bytes)

    def copies(
        self, chat_id: int = ADA, *, folder: Path | None = None, seal: Seal | None = None
    ) -> Offsite:
        place = self.place(chat_id)
        return Offsite(place, folder or self.backups.folder, clock=lambda: START, seal=seal)

    def documents(self, chat_id: int = ADA) -> dict[str, int]:
        """Return the names of the documents in the chat, with their messages."""
        posts = self.api.messages(chat_id)
        return {post.json["document"]["file_name"]: post.id for post in posts}


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    api = BotApi()
    api.person(ADA, "Ada")
    async with serving(api) as place:
        yield Room(api, Backups(tmp_path / "backups"), f"http://127.0.0.1:{place.port}", [])


async def aside(call: Callable[..., T], *given: object) -> T:
    """Run what blocks in a thread, as the bot does."""
    return await asyncio.to_thread(call, *given)


async def test_a_snapshot_goes_into_the_chat_and_comes_back(room: Room, tmp_path: Path) -> None:
    """In parts, each told by its caption, silently; a wiped disk finds all by the pinned index."""
    room.backups.add(clean=False)
    newest = room.backups.add()
    await aside(room.copies().push, newest)
    here = content(room.backups.folder)
    names = room.documents()
    assert f"{newest.base.name}.part1of3" in names
    assert INDEX_NAME in names
    assert [post.id for post in room.api.said(ADA) if not post.silent] == []
    assert room.api.world.chats[ADA].pinned == {names[INDEX_NAME]}
    wiped = room.copies(folder=tmp_path / "wiped")
    assert (await aside(wiped.pull)).id == newest.id
    assert content(tmp_path / "wiped") == {name: here[name] for name in files_of(newest)}
    assert (await aside(wiped.check, newest)).ok
    joined = b""
    for number in (1, 2, 3):  # a person, with `cat` and `sha256sum`
        post = room.api.world.post(ADA, names[f"{newest.base.name}.part{number}of3"])
        assert post is not None
        piece = room.api.world.files[post.json["document"]["file_id"]].content
        assert f"part {number}/3 · sha256 {hashlib.sha256(piece).hexdigest()}" in post.text
        joined += piece
    assert joined == here[newest.base.name]


async def test_the_next_day_sends_its_own_files_only(room: Room) -> None:
    """The index is edited where it stands; what is deleted leaves index and chat."""
    first, second = room.backups.add(), room.backups.add()
    await aside(room.copies().push, first)
    index = room.documents()[INDEX_NAME]
    assert (await aside(room.copies().push, second)).kept == (second.base.name,)
    assert room.documents()[INDEX_NAME] == index
    assert (await aside(room.copies().prune, {second.id})).ids == (first.id,)
    assert not any(first.id in name and "snap" in name for name in room.documents())
    assert [one.id for one in await aside(room.copies().list)] == [second.id]


async def test_parts_of_full_size_can_be_fetched_back(room: Room, tmp_path: Path) -> None:
    """Telegram gives bots no file above 20 MB: 19 MB a part, and it is whole."""
    manifest = room.backups.add(size=PART_BYTES + 1)
    place = room.place(part_bytes=PART_BYTES)
    await aside(Offsite(place, room.backups.folder, clock=lambda: START).push, manifest)
    assert f"{manifest.base.name}.part2of2" in room.documents()
    assert (await aside(room.copies(folder=tmp_path / "wiped").pull)).id == manifest.id


async def test_encrypted_copies(room: Room, tmp_path: Path) -> None:
    """Nothing in the chat names a file of the tracker."""
    key = Identity.generate()
    seal = Seal([str(key.to_public())], str(key))
    manifest = room.backups.add()
    await aside(room.copies(seal=seal).push, manifest)
    assert any(name.endswith(".age") for name in room.documents())
    assert not any(b"secret-plans" in one.content for one in room.api.world.files.values())
    wiped = room.copies(folder=tmp_path / "wiped", seal=seal)
    assert (await aside(wiped.pull)).id == manifest.id


@pytest.mark.parametrize(
    ("fault", "trouble"),
    [
        (RESET, Trouble.UNREACHABLE),
        (ACCEPTED_THEN_TIMED_OUT, Trouble.UNREACHABLE),
        (status(500), Trouble.BUSY),
        (too_many(2), Trouble.BUSY),
        (status(403, "Forbidden: bot was kicked"), Trouble.CHAT),
    ],
    ids=["reset", "lost", "500", "429", "kicked"],
)
async def test_any_call_that_fails_for_good(room: Room, fault: Fault, trouble: Trouble) -> None:
    """Whichever it is: nothing false in the index, and the next push completes."""
    manifest = room.backups.add()
    for good in range(1, 8) if fault is RESET else (2, 5):
        room.api.world.posts.clear()
        room.api.world.chats[ADA].pinned.clear()
        (room.backups.folder / "offsite.json").unlink(missing_ok=True)
        failing = Failing(room.api, good, fault)
        with pytest.raises(OffsiteError) as caught:
            await aside(room.copies().push, manifest)
        assert caught.value.trouble is trouble
        assert room.api.token not in str(caught.value)
        failing.stop()
        there = set(await aside(room.place().names))
        assert manifest_name(manifest.id) not in there or files_of(manifest) <= there
        await aside(room.copies().push, manifest)
        assert (await aside(room.copies().check, manifest)).ok


class Failing:
    """Lets the calls of a BotApi fail from the n-th on."""

    def __init__(self, api: BotApi, good: int, fault: Fault) -> None:
        self._api = api
        self._left = good
        self._fault = fault
        self._take = api._script.take
        api._script.take = self.take  # type: ignore[method-assign]

    def take(self, method: str) -> Fault | None:
        self._left -= 1
        return self._fault if self._left < 0 and method != "deleteMessage" else self._take(method)

    def stop(self) -> None:
        """Let all be well again."""
        self._api._script.take = self._take  # type: ignore[method-assign]


async def test_what_passes_is_sat_out(room: Room) -> None:
    """A 429 is obeyed, a break tried again: the push itself succeeds."""
    manifest = room.backups.add()
    room.api.fail_next(too_many(2), methods="sendDocument")
    room.api.fail_next(RESET, methods="getChat")
    room.api.fail_next(status(502), methods="editMessageMedia")
    await aside(room.copies().push, manifest)
    assert room.waited == [0.0, 2.0, 0.0]
    assert room.api.faults_left == 0
    assert (await aside(room.copies().check, manifest)).ok


async def test_a_newer_pinned_message_hides_the_index(room: Room, tmp_path: Path) -> None:
    """The error says what to do; done, all goes on."""
    manifest = room.backups.add()
    await aside(room.copies().push, manifest)
    await room.api.say(ADA, ADA, "look at this")
    newer = room.api.messages(ADA)[-1].id
    room.api.world.chats[ADA].pinned.add(newer)
    with pytest.raises(OffsiteError) as caught:
        await aside(room.copies().push, room.backups.add())
    assert caught.value.trouble is Trouble.UNPINNED
    assert "unpin" in str(caught.value)
    with pytest.raises(OffsiteError) as nothing:
        await aside(room.copies(folder=tmp_path / "wiped").pull)
    assert nothing.value.trouble is Trouble.NOTHING
    room.api.world.chats[ADA].pinned.discard(newer)
    assert (await aside(room.copies(folder=tmp_path / "wiped").pull)).id == manifest.id


async def test_an_index_somebody_else_pinned_is_none(room: Room, tmp_path: Path) -> None:
    """A member of the group cannot make the bot restore what he chose."""
    world = room.api.world
    room.api.group(GROUP, members={ADA})
    file_id = world.keep(Upload(INDEX_NAME, parts.encode({})))
    document = {"file_id": file_id, "file_unique_id": "u", "file_name": INDEX_NAME}
    forged = world.add(world.chats[GROUP], world.users[ADA], {"document": document})
    world.chats[GROUP].pinned.add(forged.id)
    with pytest.raises(OffsiteError) as caught:
        await aside(room.copies(GROUP, folder=tmp_path / "wiped").pull)
    assert caught.value.trouble is Trouble.NOTHING


async def test_a_bot_that_may_not_pin(room: Room) -> None:
    """Without its index the copy would never be found: an error, and nothing is left behind."""
    room.api.group(GROUP, members={ADA})
    room.api.world.chats[GROUP].no_pins = True
    with pytest.raises(OffsiteError) as caught:
        await aside(room.copies(GROUP).push, room.backups.add())
    assert caught.value.trouble is Trouble.CHAT
    assert "not enough rights" in str(caught.value)
    assert INDEX_NAME not in room.documents(GROUP)


async def test_a_part_that_is_lost_or_changed(room: Room) -> None:
    """The check names the file; the next push sends what is missing from the index only."""
    manifest = room.backups.add()
    await aside(room.copies().push, manifest)
    post = room.api.world.post(ADA, room.documents()[f"{manifest.base.name}.part2of3"])
    assert post is not None
    file_id = post.json["document"]["file_id"]
    kept = room.api.world.files[file_id]
    for changed in (None, Upload(kept.name, kept.content[:-1]), Upload(kept.name, b"x" * 9_000)):
        del room.api.world.files[file_id]
        if changed is not None:
            room.api.world.files[file_id] = changed
        damaged = (await aside(room.copies().check, manifest)).damaged
        assert [(one.name, one.why) for one in damaged] == [(manifest.base.name, Why.MISSING)]
        room.api.world.files[file_id] = kept
    assert (await aside(room.copies().check, manifest)).ok


async def test_a_damaged_index_is_an_error(room: Room) -> None:
    """It is not taken for an empty one: what it named would be lost."""
    await aside(room.copies().push, room.backups.add())
    post = room.api.world.post(ADA, room.documents()[INDEX_NAME])
    assert post is not None
    room.api.world.files[post.json["document"]["file_id"]] = Upload(INDEX_NAME, b"{}")
    with pytest.raises(OffsiteError) as caught:
        await aside(room.copies().push, room.backups.add())
    assert caught.value.trouble is Trouble.DAMAGED


async def test_the_settings_lead_there(room: Room) -> None:
    """`telegram://chat-id`; without a token it leads nowhere."""
    found = load(
        _env_file=None,
        backup_offsite=f"telegram://{ADA}",
        backup_dir=room.backups.folder,
        telegram_bot_token=room.api.token,
        telegram_api_url=room.root,
    )
    made = copies(found)
    assert made is not None
    assert made.where == f"telegram://{ADA}"
    manifest: Manifest = room.backups.add()
    await aside(made.push, manifest)
    assert [one.id for one in await aside(made.list)] == [manifest.id]
    with pytest.raises(OffsiteError) as caught:
        copies(load(_env_file=None, backup_offsite="telegram://7", telegram_bot_token=""))
    assert caught.value.trouble is Trouble.URL


@given(size=st.integers(0, 10**9), part=st.integers(1, 10**8))
def test_parts_cover_a_file_once(size: int, part: int) -> None:
    """No byte is missing or sent twice, and none but an empty file's part is empty."""
    part = max(part, size // 500 + 1)
    spans = parts.spans(size, part_bytes=part)
    at = 0
    for span in spans:
        assert span.start == at
        assert 0 < span.size <= part or size == 0
        at += span.size
    assert at == size
    names = [parts.part_name("x", number, len(spans)) for number in range(1, len(spans) + 1)]
    assert names == sorted(set(names))
