"""`selftest`: one line a point, against a real Bot API on loopback."""

from pathlib import Path

import pytest

from bot.sandbox import BotApi
from tests.bot.mailbox import Hooks, Mailbox, listening
from tests.bot.real import ADA, collect, running
from tests.sandbox.conftest import serving

pytestmark = pytest.mark.process
TOKEN = "123456789:" + "S3cr3t_" * 5


async def test_all_is_well(tmp_path: Path) -> None:
    """Token, chats, folders, zone and clock: each one line, and exit code 0."""
    api = BotApi(token=TOKEN)
    api.person(ADA, "Ada")
    collect(tmp_path / "data", age_s=1)
    async with serving(api) as where:
        settings = {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": where.url,
            "TELEGRAM_CHAT_IDS": str(ADA),
            "TELEGRAM_ADMIN_IDS": str(ADA),
            "TIMEZONE": "Europe/Paris",
        }
        async with running(tmp_path, "selftest", settings=settings) as test:
            code = await test.ended()
    assert code == 0, test.said
    lines = test.said.splitlines()
    assert all(line.startswith("ok ") for line in lines)
    assert {line.split()[1] for line in lines} >= {
        "DATA_DIR",
        "STATE_DIR",
        "BACKUP_DIR",
        "token",
        "clock",
    }
    assert "Europe/Paris" in test.said


async def test_every_trouble_has_its_line(tmp_path: Path) -> None:
    """A missing folder, an unknown chat and no admins are each named; exit code 1, no token."""
    api = BotApi(token=TOKEN)
    async with serving(api) as where:
        settings = {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": where.url,
            "TELEGRAM_CHAT_IDS": "99,-100",
            "DATA_DIR": "nowhere",
        }
        async with running(tmp_path, "selftest", settings=settings) as test:
            code = await test.ended()
    assert code == 1
    failed = [line for line in test.said.splitlines() if line.startswith("FAIL")]
    assert [" ".join(line.split()[1:3]).rstrip(":") for line in failed] == [
        "DATA_DIR nowhere",
        "chat 99",
        "chat -100",
        "admins TELEGRAM_ADMIN_IDS",
    ]
    assert TOKEN not in test.said


async def test_no_answer_is_an_answer(tmp_path: Path) -> None:
    """A server that is not there is named, without the token."""
    settings = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": "http://127.0.0.1:9"}
    async with running(tmp_path, "selftest", settings=settings) as test:
        assert await test.ended() == 1
    assert "http://127.0.0.1:9: no answer: check the network" in test.said
    assert "Error" not in test.said
    assert TOKEN not in test.said


async def test_fallbacks_are_named_and_tried_when_asked(tmp_path: Path) -> None:
    """What each is, then whether it takes a message in the owner's language; never its URL."""
    box, hooks = Mailbox(), Hooks(always=403)
    async with listening(box) as port, listening(hooks) as other:
        urls = (
            f"mailto://ada:hunter2-x@127.0.0.1:{port}?to=a@x.org,json://127.0.0.1:{other}/hunter2-y"
        )
        settings = {"FALLBACK_URLS": urls, "LANGUAGE": "fr", "LOG_LEVEL": "DEBUG"}
        async with running(tmp_path, "selftest", settings=settings) as test:
            await test.ended()
        assert "fallback 1       mail, not tried" in test.said
        assert "fallback 2       webhook, not tried" in test.said
        assert (box.visits, hooks.posts) == (0, [])
        async with running(tmp_path, "selftest", "--send-fallback", settings=settings) as tried:
            assert await tried.ended() == 1
    assert "ok    fallback 1       mail, took the test message" in tried.said
    assert "FAIL  fallback 2       did not take the test message: webhook: HTTP 403" in tried.said
    assert "hunter2" not in test.said + tried.said
    assert box.subjects == ["Vigie · essai du canal de secours"]
    assert "critique" in box.text(0)
