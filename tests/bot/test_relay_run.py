"""The running bot without Telegram: real processes, a mail server and a webhook on loopback."""

from collections import Counter, deque
from pathlib import Path

import pytest

from storage.database import Database
from storage.incidents import Delivery, Status
from tests.bot.mailbox import Hooks, Mailbox, Mood, listening
from tests.bot.real import ADA, collect, running
from tests.bot.test_outage import ends, served, spoil
from tests.bot.test_run import TOKEN, Place, place

pytestmark = pytest.mark.process
__all__ = ["place"]
HASTY = "tests.bot.hasty"
PASSWORD = "hunter2" + "-secret"


def mailto(port: int) -> str:
    return f"mailto://vigie:{PASSWORD}@127.0.0.1:{port}?from=v@example.org&to=ada@example.org"


def assert_nothing_secret(folder: Path) -> None:
    """Assert that no log and no file of the state holds a password or the token."""
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes().lower()
            assert PASSWORD.encode() not in content, path.name
            assert TOKEN.encode().lower() not in content, path.name


async def test_a_night_without_telegram(place: Place) -> None:
    """A mail, in French, once and in time; then Telegram is back, and the end goes both ways."""
    box = Mailbox()
    async with served(place.api, 0) as port:
        place.settings |= {"TELEGRAM_API_URL": f"http://127.0.0.1:{port}", "LANGUAGE": "fr"}
    async with listening(box) as mail:
        place.settings["FALLBACK_URLS"] = mailto(mail)
        async with running(place.folder, settings=place.settings, module=HASTY) as bot:
            await bot.until_said("Telegram does not answer yet")
            spoil(place)
            await bot.until(lambda: len(box.letters) >= 1)
            (subject,) = box.subjects
            assert subject.startswith("🔴 CRITIQUE · Aucune donnée nouvelle depuis 7")
            text = box.text(0)
            assert "personne n’a pu être prévenu sur Telegram" in text
            assert "<" not in text
            async with served(place.api, port):
                await place.told("#1")
                collect(place.data, age_s=1)
                await bot.until(lambda: len(box.letters) >= 2)
                await place.told("Rétabli")
                await ends(bot)
        assert box.subjects[1].startswith("🟢 Rétabli")
        assert len(box.letters) == 2
    assert_nothing_secret(place.folder)


async def test_killed_while_the_mail_is_on_its_way(place: Place) -> None:
    """It was taken, and nobody knows: the next process sends one more, marked, and no third."""
    place.settings["TELEGRAM_API_URL"] = "http://127.0.0.1:9"
    box, hooks = Mailbox(deque([Mood.HOLD])), Hooks()
    async with listening(box) as mail, listening(hooks) as hook:
        place.settings["FALLBACK_URLS"] = f"{mailto(mail)}, json://127.0.0.1:{hook}/in"
        spoil(place)
        async with running(place.folder, settings=place.settings, module=HASTY) as bot:
            await bot.until(lambda: len(box.letters) >= 1)
            await bot.until(lambda: len(hooks.posts) >= 1)
            bot.process.kill()
            await bot.process.wait()
        async with running(place.folder, settings=place.settings, module=HASTY) as bot:
            await bot.until(lambda: len(box.letters) >= 2)
            collect(place.data, age_s=1)
            await bot.until(lambda: len(box.letters) >= 3)
            await bot.until(lambda: len(hooks.posts) >= 2)
            await ends(bot)
    marks = ["may be a repeat" in box.text(number) for number in range(3)]
    assert marks == [False, True, False]
    assert box.subjects[0] == box.subjects[1]
    assert box.subjects[2].startswith("🟢 Fixed")
    assert Counter(post["type"] for post in hooks.posts)["success"] == 1


async def test_a_fallback_that_refuses(place: Place) -> None:
    """Wrong password, wrong address: tried again and again, said in the log, nothing crashes."""
    place.settings["TELEGRAM_API_URL"] = "http://127.0.0.1:9"
    box, hooks = Mailbox(always=Mood.NO_LOGIN), Hooks(always=404)
    async with listening(box) as mail, listening(hooks) as hook:
        place.settings["FALLBACK_URLS"] = f"{mailto(mail)}, json://127.0.0.1:{hook}/{PASSWORD}"
        spoil(place)
        async with running(place.folder, settings=place.settings, module=HASTY) as bot:
            await bot.until(lambda: len(hooks.posts) >= 2)
            await bot.until_said("mail: login, 535")
            await bot.until_said("webhook: HTTP 404")
            await ends(bot)
            assert "Traceback" not in bot.said
    assert box.letters == []
    rows = Database(place.folder / "var" / "state.json", read_only=True).table("outbox", Delivery)
    waiting = {row.channel: row for row in rows.all() if row.status is Status.QUEUED}
    assert waiting["relay:0"].last_error == "mail: login, 535"
    assert waiting["relay:1"].attempts >= 2
    assert_nothing_secret(place.folder)


async def test_a_token_that_is_refused(place: Place) -> None:
    """With a fallback the bot goes on: it says what is wrong, and what is critical, by mail."""
    wrong = TOKEN[:-1] + "x"
    box = Mailbox()
    spoil(place)
    async with listening(box) as mail:
        place.settings |= {"TELEGRAM_BOT_TOKEN": wrong, "FALLBACK_URLS": mailto(mail)}
        async with running(place.folder, settings=place.settings, module=HASTY) as bot:
            await bot.until(lambda: len(box.letters) >= 2)
            assert bot.said.count("Telegram refuses TELEGRAM_BOT_TOKEN") == 1
            await ends(bot)
    subjects = sorted(subject.partition(" · ")[2] for subject in box.subjects)
    assert subjects[0].startswith("No new data")
    assert subjects[1] == "Telegram refuses the bot’s token"
    assert place.api.said(ADA) == []
