"""The chat's own instructions, followed to the letter: real backups, real loss, real restore."""

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from shlex import quote

import pytest

from handlers.access import Access
from jobs.backup import Backups
from jobs.backup_work import Workbench
from storage.archives.keep.retention import Policy
from tests.conftest import ROOT
from tests.handlers.chat import ADA, TEAM, World, opportunity

COMMAND = re.compile(r"DATA_DIR=\S+ STATE_DIR=\S+ BACKUP_DIR=\S+ python -m bot restore [^\n]+")


@pytest.fixture
async def real(world: World) -> AsyncIterator[World]:
    """The world with real backups of its folders; Ada administers."""
    top = world.folder.parent
    folders = {"DATA_DIR": world.folder, "STATE_DIR": top / "state", "BACKUP_DIR": top / "backups"}
    bench = Workbench(
        folder=folders["BACKUP_DIR"],
        roots={"data": world.folder, "state": folders["STATE_DIR"]},
        clock=lambda: world.now[0],
        policy=Policy(),
    )
    named = " ".join(f"{name}={quote(str(path))}" for name, path in folders.items())
    world.app.bot_data["services"] = replace(
        world.services,
        backups=Backups(bench, clock=world.services.clock),
        access=Access(chat_ids=frozenset({ADA, TEAM}), admin_ids=frozenset({ADA})),
        display=replace(world.services.display, command=f"{named} python -m bot"),
    )
    for n in range(5):
        world.write(f"source{n}", [opportunity(f"Quest {n} <&>", n=n)])
    (world.folder / "odd\u202ename & co.json").write_text("[]", encoding="utf-8")
    return_to = {path.name: path.read_bytes() for path in world.folder.iterdir()}
    yield world
    assert {path.name: path.read_bytes() for path in world.folder.iterdir()} == return_to


async def lose(world: World) -> str:
    """Delete the data folder; return what /backup then says."""
    shutil.rmtree(world.folder)
    await world.services.watch.run()
    (post,) = await world.say("/backup")
    assert post.text.startswith("🔴 The data folder is gone")
    return post.text


async def test_the_button_brings_every_byte_back(real: World) -> None:
    """Backed up, tried, lost, backed up again while it is lost, and restored all the same."""
    (made,) = await real.say("/backup now")
    assert made.text.startswith("💾 Backup finished and checked")
    (tried,) = await real.say("/backup test")
    assert tried.text.startswith("🔁 The trial restore brought everything back")
    await lose(real)
    real.now[0] = real.now[0].replace(hour=11)
    await real.say("/backup now")  # as at 02:00: nobody has noticed yet
    (glance,) = await real.say("/backup")
    await real.press(glance, "♻️ Restore the data folder")
    question = real.api.said(ADA)[-1]
    assert "6 files" in question.text
    await real.press(question, "Yes, restore it")
    assert real.api.said(ADA)[-1].text.startswith("✅ The data folder is back")
    (after,) = await real.say("/backup")
    assert "gone" not in after.text


async def test_two_who_ask_at_once_both_get_the_answer(real: World) -> None:
    """The folder is looked at for one after the other, and is unreadable for neither."""
    await real.say("/backup now")
    backups = real.app.bot_data["services"].backups
    for found in await asyncio.gather(*(backups.listing() for _ in range(4))):
        assert found.trouble is None
        assert len(found.snapshots) == 1


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="the line is one for a POSIX shell")
async def test_the_line_to_type_brings_every_byte_back(real: World) -> None:
    """Copied out of the chat into a shell, with nothing else set."""
    await real.say("/backup now")
    said = await lose(real)
    line = COMMAND.search(said.replace("\u2060", ""))
    assert line is not None, said
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    shell = await asyncio.create_subprocess_shell(
        f"{line[0]} --yes", cwd=ROOT, env={"PATH": path, "HOME": str(real.folder.parent)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    told, _ = await shell.communicate()
    assert shell.returncode == 0, told.decode()


@pytest.mark.process
@pytest.mark.skipif(shutil.which("zstd") is None, reason="no zstd on this machine")
async def test_the_files_sent_restore_by_plain_tools(real: World, tmp_path: Path) -> None:
    """What /backup get sends, put together by the lines it says, is what was there."""
    await real.say("/backup now")
    await real.say("/backup get")
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for post in real.api.said(ADA):
        if "document" in post.json:
            upload = real.api.world.files[post.json["document"]["file_id"]]
            (inbox / upload.name).write_bytes(upload.content)
    told = next(post for post in real.api.said(ADA) if "All of the backup" in post.text)
    lines = [
        line for line in told.text.split("\n") if re.match(r"(zstd|xargs|sha256sum|cat) ", line)
    ]
    shell = await asyncio.create_subprocess_shell(
        "set -e\n" + "\n".join(lines), cwd=inbox,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await shell.communicate()
    assert shell.returncode == 0, said.decode()
    for path in real.folder.iterdir():
        assert (inbox / "data" / path.name).read_bytes() == path.read_bytes()
