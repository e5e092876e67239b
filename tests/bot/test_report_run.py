"""The report of a real process: at its hour, once, through kill -9, an outage and a restart."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from bot.sandbox.faults import status
from storage.database import Database
from storage.files import ProcessLock
from storage.history import History
from storage.incidents import Delivery, Kind, Status
from storage.records import Sample
from tests.bot.real import ADA, running
from tests.bot.test_clock_step import Clock, goes_on
from tests.bot.test_run import Place, place

pytestmark = pytest.mark.process
__all__ = ["place"]
PICTURE = "sendPhoto"


def reports(place: Place) -> int:
    """Return how many reports Telegram accepted."""
    return sum("v1:report:" in str(post.json) for post in place.api.said(ADA))


def rows(place: Place) -> list[Delivery]:
    state = place.folder / "var" / "state.json"
    found = Database(state, read_only=True).table("outbox", Delivery).all()
    return [row for row in found if row.kind is Kind.REPORT]


def just_past() -> str:
    return f"{datetime.now(UTC) - timedelta(minutes=1):%H:%M}"


async def test_it_comes_once_with_its_picture_whoever_dies(place: Place) -> None:
    """Killed at the very moment Telegram takes it: a second one at most, which says what it is."""
    place.settings |= {"REPORT_AT": just_past()}
    with closing(History(place.folder / "var" / "history.sqlite")) as history:
        history.add([Sample("up:Galxe", datetime.now(UTC) - timedelta(hours=2), 1.0)])
    async with running(place.folder, "run", settings=place.settings) as bot:
        await place.api.until(lambda: reports(place) == 1)
        bot.process.kill()
        await bot.process.wait()
    assert [name for name, _ in place.api.calls].count(PICTURE) == 1
    async with running(place.folder, "run", settings=place.settings) as bot:
        await bot.until_said("connected")
        await bot.until(lambda: [row.status for row in rows(place)] == [Status.SENT])
        twin = rows(place)[0].maybe_dup
        assert reports(place) == 1 + twin
        if twin:
            assert "repeat" in place.api.said(ADA)[-1].text
        assert await bot.stop() == 0


async def test_it_comes_at_its_hour_and_not_before(place: Place) -> None:
    """Started before nine on the day clocks go forward: at nine, of 23 hours."""
    clock = Clock(place.folder)
    clock.set("@2026-03-29 06:40:00")
    place.settings |= clock.settings | {"TZ": "UTC"}
    place.settings |= {"REPORT_AT": "09:00", "TIMEZONE": "Europe/Paris"}
    async with running(place.folder, "run", settings=place.settings) as bot:
        await bot.until_said("connected")
        await goes_on(bot)
        assert reports(place) == 0
        clock.set("@2026-03-29 07:00:00")
        await place.api.until(lambda: reports(place) == 1)
        (post,) = [post for post in place.api.said(ADA) if "v1:report:" in str(post.json)]
        assert "Sun 29 Mar" in post.text
        assert "23 h" in post.text
        assert await bot.stop() == 0


async def test_telegram_away_over_the_hour(place: Place) -> None:
    """It is there once when Telegram is back, and says that it is late where it is."""
    place.settings |= {"REPORT_AT": just_past()}
    place.api.fail_next(status(502), times=2, methods="send*")
    async with running(place.folder, "run", settings=place.settings) as bot:
        await place.api.until(lambda: reports(place) == 1)
        assert place.api.faults_left == 0
        assert await bot.stop() == 0
    assert [row.status for row in rows(place)] == [Status.SENT]
    assert rows(place)[0].attempts > 1


async def test_the_console_tells_it_beside_the_running_bot(place: Place) -> None:
    """The same report, and with --send in the chat; the state stays the running bot's alone."""
    async with running(place.folder, "run", settings=place.settings) as bot:
        await bot.until_said("connected")
        await bot.until_said("vigie.watch cycle")
        state = place.folder / "var" / "state.json"
        async with running(place.folder, "report", settings=place.settings) as console:
            assert await console.ended() == 0
            assert "last 24" in console.said
            assert "3" in console.said
        runs = Database(state, read_only=True).table("outbox", Delivery).all()
        async with running(place.folder, "report", "--send", settings=place.settings) as console:
            await place.api.until(lambda: reports(place) == 1)
            assert await console.ended() == 0, console.said
            assert f"{ADA}: sent" in console.said
        assert Database(state, read_only=True).table("outbox", Delivery).all() == runs
        assert await bot.stop() == 0


async def test_what_a_one_shot_set_aside_the_bot_tells_once(place: Place) -> None:
    """The console says why it knows so little; the news waits for whoever can tell people."""
    history = place.folder / "var" / "history.sqlite"

    async def told(words: str) -> list[Kind]:
        """Run until the chat reads this; return what was sent about the history so far."""
        async with running(place.folder, "run", settings=place.settings) as bot:
            await bot.until_said("connected")
            await bot.until_said("vigie.watch cycle")
            await place.told(words)
            assert await bot.stop() == 0
        database = Database(place.folder / "var" / "state.json", read_only=True)
        found = database.table("outbox", Delivery).all()
        return [row.kind for row in found if row.key == "bot:history" and row.message_id]

    async with running(place.folder, "run", settings=place.settings) as bot:
        await bot.until_said("vigie.watch cycle")
        assert await bot.stop() == 0
    history.write_bytes(b"\xa5" * 9000)
    async with running(place.folder, "report", settings=place.settings) as console:
        assert await console.ended() == 0
        assert "history.sqlite is damaged (" in console.said
        assert "set aside as history.sqlite.damaged-" in console.said
    async with running(place.folder, "report", settings=place.settings) as console:
        assert await console.ended() == 0
        assert "damaged" not in console.said
    assert await told("history file was damaged") == [Kind.FIRED]
    assert await told("Fixed") == [Kind.FIRED, Kind.RESOLVED]


async def test_beside_a_running_bot_a_damaged_history_is_left_to_it(place: Place) -> None:
    """The one-shot says so and touches nothing."""
    history = place.folder / "var" / "history.sqlite"
    history.parent.mkdir()
    history.write_bytes(b"\xa5" * 9000)
    with ProcessLock(history.with_name("lock")):
        async with running(place.folder, "report", settings=place.settings) as console:
            assert await console.ended() == 0
            assert "The running bot sets it aside" in console.said
        async with running(place.folder, "health", settings=place.settings) as console:
            assert await console.ended() == 1
            assert "It is left to the running bot" in console.said
    assert history.read_bytes() == b"\xa5" * 9000
    assert not list(history.parent.glob("*.damaged-*"))


async def test_the_console_says_where_it_could_not_go(place: Place) -> None:
    """403: the exit code says so, and so does the line; a word that is no day is an error."""
    place.api.fail_next(status(403, "Forbidden: bot was blocked by the user"), methods="send*")
    async with running(place.folder, "report", "--send", settings=place.settings) as console:
        assert await console.ended() == 1
        assert "blocked" in console.said
    async with running(place.folder, "report", "someday", settings=place.settings) as console:
        assert await console.ended() == 2
        assert "someday" in console.said


@pytest.mark.parametrize(
    ("url", "code", "said"),
    [("http://127.0.0.1:9", 0, "Telegram cannot be reached: check the network"),
     ("", 401, "Telegram refuses TELEGRAM_BOT_TOKEN")],
)  # fmt: skip
async def test_the_console_knows_no_python(place: Place, url: str, code: int, said: str) -> None:
    """What is wrong between here and Telegram is said in words, and what to look at."""
    settings = place.settings | ({"TELEGRAM_API_URL": url} if url else {})
    if code:
        place.api.fail_next(status(code, "Unauthorized"), times=4, methods="send*")
    async with running(place.folder, "report", "--send", settings=settings) as console:
        assert await console.ended() == 1
        assert f"{ADA}: {said}" in console.said
        assert "Error" not in console.said
