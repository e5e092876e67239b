"""/backup get: the files, to one person, in parts, with sums; and every way it can stumble."""

import asyncio
import hashlib
from collections.abc import Iterator

import pytest
from msgspec import structs

from bot.sandbox.faults import Fault, Way, status, too_many
from bot.sandbox.world import Post
from handlers import backup_get
from handlers.backup_get import ASK_BYTES, File, Reader
from storage.archives.manifest import Archive
from storage.archives.results import Listed
from tests.handlers.chat import ADA, TEAM, World

TOO_LARGE = Fault(Way.ANSWER, 413, "Request Entity Too Large")


@pytest.fixture
def kept(world: World) -> World:
    """A base and a differential, with their files."""
    world.vault.folder.mkdir()
    world.vault.keep(2, files=True)
    return world


def documents(world: World) -> list[Post]:
    """Return the files that came."""
    return [post for post in world.api.said(ADA) if "document" in post.json]


def contents(world: World) -> Iterator[tuple[str, bytes]]:
    """Return each file's name and bytes, as they came."""
    for post in documents(world):
        upload = world.api.world.files[post.json["document"]["file_id"]]
        yield upload.name, upload.content


def grow(world: World, size_bytes: int) -> str:
    """Make the newest archive that large; return its name."""
    newest = world.vault.snapshots[-1]
    assert newest.manifest is not None
    archive = newest.manifest.archives[-1]
    content = bytes(range(256)) * (size_bytes // 256) + b"tail"
    (world.vault.folder / archive.name).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    grown = Archive(name=archive.name, size=len(content), sha256=digest)
    manifest = structs.replace(newest.manifest, diff=grown)
    world.vault.snapshots[-1] = structs.replace(newest, manifest=manifest)
    return archive.name


async def test_everything_needed_comes_in_order_and_unharmed(kept: World) -> None:
    """Base, differential, manifest, instructions: each with its sum, and free to be saved."""
    await kept.say("/backup get")
    came = dict(contents(kept))
    assert [name.split("-")[0] for name in came] == ["base", "diff", "snap", "RESTORE.txt"]
    for name, content in came.items():
        assert content == (kept.vault.folder / name).read_bytes()
    for post, content in zip(documents(kept), came.values(), strict=True):
        assert "has_protected_content" not in post.json
        assert post.silent
        assert hashlib.sha256(content).hexdigest() in post.text
    told = next(post for post in kept.api.said(ADA) if "document" not in post.json)
    assert told.text.startswith("💾 All of the backup is here")
    assert "4 of 4 parts" in told.text
    steps = [line.split(" ")[0] for line in told.text.split("\n")[4:8]]
    assert steps == ["zstd", "zstd", "xargs", "sha256sum"]


async def test_a_group_gets_none_of_it(kept: World) -> None:
    """Not even an admin's word or press there brings an archive into a group."""
    (post,) = await kept.say("/backup get", chat=TEAM)
    assert "write to me in private" in post.text
    newest = kept.vault.snapshots[-1].id
    (glance,) = await kept.say("/backup", chat=TEAM)
    for data in ("v1:bkget", f"v1:bksend:{newest}"):
        await kept.press(glance, data)
    assert not any("document" in each.json for each in kept.api.said(TEAM))


async def test_a_large_file_comes_in_parts_that_join(kept: World) -> None:
    """Below what a bot may fetch back; `cat` of the parts is the file."""
    name = grow(kept, 2 * backup_get.PART_BYTES + 5_000)
    await kept.say("/backup get")
    parts = {part: content for part, content in contents(kept) if part.startswith(name)}
    assert [part[-4:] for part in parts] == [".001", ".002", ".003"]
    assert max(map(len, parts.values())) <= backup_get.PART_BYTES
    assert b"".join(parts.values()) == (kept.vault.folder / name).read_bytes()
    last = [post for post in documents(kept) if name in post.text][-1]
    assert f"cat {name}.??? > {name}" in last.text


async def test_much_is_asked_about_first(kept: World) -> None:
    """The size and the number of parts are known before; yes sends this very backup."""
    name = grow(kept, ASK_BYTES + 10_000)
    (post,) = await kept.say("/backup get")
    assert "in 6 parts. Send them?" in post.text
    assert documents(kept) == []
    await kept.press(post, "⬇️ Send 6 parts")
    assert sum(name in part for part, _ in contents(kept)) == 3
    await kept.press(post, "v1:bksend:20200101T000000Z")
    assert kept.api.said(ADA)[-1].text == "There is no good backup yet."


async def test_stumbles_on_the_way_are_overcome(kept: World) -> None:
    """A lost connection, a lost answer, an error of theirs, a pause asked for."""
    for fault in (Fault(Way.RESET), Fault(Way.ACCEPTED), status(500), too_many(1)):
        kept.api.fail_next(fault, methods="sendDocument")
    await kept.say("/backup get")
    assert {name.split("-")[0] for name, _ in contents(kept)} == {
        "base", "diff", "snap", "RESTORE.txt",
    }  # fmt: skip
    assert any("All of the backup is here" in post.text for post in kept.api.said(ADA))


async def test_what_is_too_large_on_the_way_goes_in_smaller_parts(kept: World) -> None:
    """A proxy that takes less than Telegram does."""
    name = grow(kept, 9_000_000)
    kept.api.fail_next(TOO_LARGE, methods="sendDocument")
    await kept.say("/backup get")
    told = kept.api.said(ADA)
    stopped = next(post for post in told if "Not everything could be sent" in post.text)
    assert "copy BACKUP_DIR by other means" in stopped.text  # the small base was refused
    kept.vault.snapshots[-1] = alone(kept.vault.snapshots[-1])
    kept.api.fail_next(TOO_LARGE, methods="sendDocument")
    await kept.say("/backup get")
    parts = [content for part, content in contents(kept) if part.startswith(name)]
    assert len(parts) == 3
    assert b"".join(parts) == (kept.vault.folder / name).read_bytes()


def alone(newest: Listed) -> Listed:
    """Return the snapshot with its own archive as base."""
    assert newest.manifest is not None
    own = newest.manifest.archives[-1]
    return structs.replace(newest, manifest=structs.replace(newest.manifest, base=own, diff=None))


@pytest.mark.parametrize(
    ("fault", "times", "why"),
    [
        (status(500), 99, "Telegram does not take it"),
        (too_many(3600), 1, "Telegram asks to wait 1 h"),
        (Fault(Way.ANSWER, 400, "Bad Request: file is <odd>"), 1, "refused it"),
        (Fault(Way.ANSWER, 403, "Forbidden: bot was blocked by the user"), 1, "refused it"),
    ],
)
async def test_what_cannot_be_sent_names_what_came(
    kept: World, fault: Fault, times: int, why: str
) -> None:
    """The parts that are there stay good; a button begins anew."""
    await kept.say("/help")  # another call, so that the next sendDocument is the base's
    kept.api.fail_next(fault, times=times, methods="sendDocument")
    await kept.say("/backup get")
    stopped = next(post for post in kept.api.said(ADA) if "Not everything" in post.text)
    assert why in stopped.text
    assert "0 of 4 parts" in stopped.text
    assert stopped.buttons[0]["text"] == "⬇️ Get the files"


async def test_a_changed_archive_is_not_sent_as_a_good_one(kept: World) -> None:
    """The sum of all parts must be what was read back when it was made."""
    newest = kept.vault.snapshots[-1].manifest
    assert newest is not None
    (kept.vault.folder / newest.archives[-1].name).write_bytes(b"something else")
    await kept.say("/backup get")
    stopped = next(post for post in kept.api.said(ADA) if "Not everything" in post.text)
    assert "is no longer what was checked" in stopped.text
    assert f"✓ {newest.archives[0].name}" in stopped.text


async def test_a_file_that_is_gone_is_said_before_anything_is_sent(kept: World) -> None:
    """And the instructions alone may be missing."""
    (kept.vault.folder / "RESTORE.txt").unlink()
    await kept.say("/backup get")
    assert len(documents(kept)) == 3
    newest = kept.vault.snapshots[-1].manifest
    assert newest is not None
    (kept.vault.folder / newest.archives[-1].name).unlink()
    (post,) = await kept.say("/backup get")
    assert "no longer there" in post.text


async def test_a_file_that_cannot_be_read_ends_the_parcel(kept: World) -> None:
    """The disk says why; what came before is named."""
    newest = kept.vault.snapshots[-1].manifest
    assert newest is not None
    path = kept.vault.folder / newest.archives[-1].name
    path.unlink()
    path.mkdir()  # it is there, has a size, and opens for nobody
    await kept.say("/backup get")
    stopped = next(post for post in kept.api.said(ADA) if "Not everything" in post.text)
    assert "cannot be read" in stopped.text
    assert len(documents(kept)) == 1


async def test_what_is_refused_as_too_big_in_words_goes_smaller_too(kept: World) -> None:
    """Telegram's own 400 for it, once per file; a small one has no smaller parts."""
    name = grow(kept, 5_000_000)
    kept.vault.snapshots[-1] = alone(kept.vault.snapshots[-1])
    kept.api.fail_next(
        Fault(Way.ANSWER, 400, "Bad Request: file is too big"), methods="sendDocument"
    )
    await kept.say("/backup get")
    assert [part[-4:] for part, _ in contents(kept) if name in part] == [".001", ".002"]
    told = next(post for post in kept.api.said(ADA) if "All of the backup" in post.text)
    assert "4 of 4 parts" in told.text


async def test_one_parcel_at_a_time_in_a_chat(kept: World) -> None:
    """A second wish meanwhile points to the first."""
    parcel = asyncio.create_task(kept.say("/backup get"))
    await kept.api.until(kept.services.unfinished.all)
    (post,) = await kept.say("/backup get")
    assert "on their way already" in post.text
    await parcel
    assert len(documents(kept)) == 4


async def test_nothing_to_send_is_said(world: World) -> None:
    """No backup, no parcel."""
    (post,) = await world.say("/backup get")
    assert post.text == "There is no good backup yet."


def test_a_reader_hashes_the_whole_as_it_goes(kept: World) -> None:
    """Piece by piece, the last piece's `whole` is the file's SHA-256."""
    path = kept.vault.folder / grow(kept, 1_000)
    reader, file = Reader(path), File(path=path, size_bytes=path.stat().st_size)
    pieces = [reader.piece(number, 300) for number in range(file.parts(300))]
    assert b"".join(piece.content for piece in pieces) == path.read_bytes()
    assert pieces[-1].whole == hashlib.sha256(path.read_bytes()).hexdigest()
