"""The demo as a newcomer meets it: one command, a browser, something breaks and recovers."""

import re
import signal
import socket
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Page, async_playwright, expect

from bot.demo import HINTS_S, LIMITS, REPEAT_FACTOR, replaced
from bot.sandbox.sample_tracker import UNDONE_BY
from bot.settings import Settings
from jobs.alerts.rules import Rules
from storage.records import Severity
from tests.bot.real import Running, running
from tests.browser import CHROMIUM, QUIET

ADDRESS = re.compile(r"open (http://\S+)")
WITHIN_MS = 60_000


async def address(demo: Running) -> str:
    """Return the page's address, once it is served."""
    await demo.until_said("Ctrl-C here ends it")
    found = ADDRESS.search(demo.said)
    assert found is not None, demo.said
    return found[1]


async def ask(page: Page, words: str) -> None:
    """Type something into the chat."""
    await page.locator("#text").fill(words)
    await page.locator("#text").press("Enter")


def test_every_break_says_within_a_minute_when_its_alert_comes() -> None:
    """The panel's hints follow the demo's own limits, whatever those are."""
    settings = Settings(_env_file=None, **LIMITS)  # type: ignore[call-arg,arg-type]
    every_s = settings.health_every.total_seconds()
    hold_s = Rules(factor=REPEAT_FACTOR).terms("cpu", Severity.ERROR).hold_s
    assert HINTS_S.keys() == UNDONE_BY.keys()
    two_looks_s = {HINTS_S[name] for name in ("stop_scrapers", "corrupt", "delete_data")}
    assert two_looks_s == {2 * every_s}
    stale_s = settings.fresh_warning.total_seconds()
    assert stale_s < HINTS_S["freeze"] <= stale_s + 2 * every_s
    assert hold_s < HINTS_S["load_cpu"] <= hold_s + 2 * every_s


def test_the_demo_reaches_nothing_of_its_owners(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above all not the copies of their backups: a wiped machine would take the demo's state."""
    monkeypatch.chdir(tmp_path)
    owners = {
        "TELEGRAM_BOT_TOKEN": "123:" + "x" * 20,
        "TELEGRAM_CHAT_IDS": "-100200",
        "TELEGRAM_ADMIN_IDS": "77",
        "FALLBACK_URLS": "ntfy://somewhere",
        "BACKUP_OFFSITE": (tmp_path / "away").as_uri(),
        "DATA_DIR": "mine",
        "STATE_DIR": "mine-too",
        "BACKUP_DIR": "kept",
    }
    lines = (f"{name}={value}\n" for name, value in owners.items())
    Path(".env").write_text("".join(lines))
    found = replaced(tmp_path / "demo", tmp_path / "sample/data", None)
    said = repr(found) + repr(found.secrets) + repr(found.addresses)
    assert not [value for value in owners.values() if value in said]
    assert found.data_dir == tmp_path / "sample/data"


@pytest.mark.browser
@pytest.mark.process
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_a_newcomer_breaks_the_tracker_and_sees_it_recover(tmp_path: Path) -> None:
    """/health answers with a chart, a button works in place, an alert comes and is closed."""
    async with running(tmp_path, "demo", "--no-browser", "--port", "0", settings={}) as demo:
        url = await address(demo)
        async with async_playwright() as driver:
            browser = await driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
            page = await browser.new_page(viewport={"width": 1200, "height": 900})
            troubles: list[str] = []
            page.on("pageerror", lambda error: troubles.append(str(error)))
            await page.goto(url)
            log = page.locator("#log")
            await ask(page, "/health")
            again = log.get_by_role("button", name="Check again").last
            await expect(again).to_be_visible(timeout=WITHIN_MS)
            await expect(log.locator("img").last).to_be_visible(timeout=WITHIN_MS)
            await again.click()
            await expect(log.get_by_text("edited").last).to_be_visible(timeout=WITHIN_MS)
            await page.locator("#breakers").get_by_role("button", name="Stop: Scrapers").click()
            stopped = log.get_by_text(re.compile(r"main\.\W?py has stopped"))
            await expect(stopped.first).to_be_visible(timeout=WITHIN_MS)
            await log.get_by_role("button", name="I’m on it").last.click()
            await expect(page.locator("#toast")).to_contain_text("You", timeout=WITHIN_MS)
            await page.locator("#breakers").get_by_role("button", name="Start: Scrapers").click()
            fixed = log.get_by_text(re.compile(r"Fixed · main\.\W?py has been running"))
            await expect(fixed.first).to_be_visible(timeout=WITHIN_MS)
            assert troubles == []
            await browser.close()
        demo.process.send_signal(signal.SIGINT)
        assert await demo.ended() == 0


@pytest.mark.browser
@pytest.mark.process
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_the_bot_is_stopped_and_started_again_from_the_panel(tmp_path: Path) -> None:
    """What is asked while it is away is answered when it is back; Ctrl-C ends it even when away."""
    async with running(tmp_path, "demo", "--no-browser", "--port", "0", settings={}) as demo:
        url = await address(demo)
        async with async_playwright() as driver:
            browser = await driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
            page = await browser.new_page(viewport={"width": 1200, "height": 900})
            await page.goto(url)
            stop = page.get_by_role("button", name="Stop: Vigie itself")
            start = page.get_by_role("button", name="Start: Vigie itself")
            await stop.click()
            await expect(start).to_be_visible(timeout=WITHIN_MS)
            await ask(page, "/help")
            await start.click()
            answer = page.locator("#log").get_by_text("/health").last
            await expect(answer).to_be_visible(timeout=WITHIN_MS)
            await stop.click(timeout=WITHIN_MS)
            await expect(start).to_be_visible(timeout=WITHIN_MS)
            await browser.close()
        demo.process.send_signal(signal.SIGINT)
        assert await demo.ended() == 0


@pytest.mark.browser
@pytest.mark.process
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_a_deleted_data_folder_is_restored_from_the_chat_alone(tmp_path: Path) -> None:
    """The alert says where to go, one button asks, the next brings it back; the alert closes."""
    async with running(tmp_path, "demo", "--no-browser", "--port", "0", settings={}) as demo:
        url = await address(demo)
        async with async_playwright() as driver:
            browser = await driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
            page = await browser.new_page(viewport={"width": 1200, "height": 900})
            await page.goto(url)
            log, panel = page.locator("#log"), page.locator("#breakers")
            await ask(page, "/backup")
            await expect(log.get_by_text("Backed up and checked").last).to_be_visible(
                timeout=WITHIN_MS
            )
            await panel.get_by_role("button", name="Delete: Data folder").click()
            for label in ("💾 Backups", "♻️ Restore the data folder", "Yes, restore it"):
                await log.get_by_role("button", name=label).last.click(timeout=WITHIN_MS)
            back = log.get_by_text("The data folder is back").last
            await expect(back).to_be_visible(timeout=WITHIN_MS)
            await expect(panel.get_by_role("button", name="Delete: Data folder")).to_be_visible(
                timeout=WITHIN_MS
            )
            fixed = log.get_by_text(re.compile("Fixed · .* data files"))
            await expect(fixed.first).to_be_visible(timeout=WITHIN_MS)
            await browser.close()
        demo.process.send_signal(signal.SIGINT)
        assert await demo.ended() == 0


@pytest.mark.process
async def test_a_busy_port_is_said_and_the_next_one_taken(tmp_path: Path) -> None:
    """Both ports are named; nothing is left behind after Ctrl-C."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        port = door.getsockname()[1]
        words = ("demo", "--no-browser", "--port", str(port))
        settings = {"TMPDIR": str(tmp_path)}
        async with running(tmp_path, *words, settings=settings) as demo:
            url = await address(demo)
            assert f"Busy: {port}" in demo.said
            assert f":{port}/" not in url
            children = [
                one.pid for one in psutil.Process(demo.process.pid).children(recursive=True)
            ]
            assert children
            demo.process.send_signal(signal.SIGINT)
            assert await demo.ended() == 0
    assert not left_behind(tmp_path)
    assert not [pid for pid in children if psutil.pid_exists(pid)]


def left_behind(folder: Path) -> list[Path]:
    """Return the folders below; the log file of the run itself does not count."""
    return [path for path in folder.iterdir() if path.is_dir()]
