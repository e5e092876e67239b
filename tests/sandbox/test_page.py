"""The page in a real Chromium, with a tiny bot behind it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, async_playwright, expect
from telegram import (
    BotCommand,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Update,
)
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, ContextTypes

from bot.sandbox import BotApi, SandboxRequest
from bot.sandbox.sample_tracker import SampleTracker
from tests.browser import CHROMIUM, QUIET
from tests.sandbox.conftest import ADA, picture, serving

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
HEALTH = (
    "🟢 <b>All works</b>\n<pre>scrapers  ok</pre>\n"
    "<blockquote expandable>1\n2\n3\n4\n5</blockquote>"
    '<tg-spoiler>hidden</tg-spoiler> <tg-time unix="4102444800" format="r">later</tg-time> /top5 '
    "&lt;img src=x onerror=alert(1)&gt;"
)
Phone = dict[str, Any]
PHONE: Phone = {"viewport": {"width": 390, "height": 844}}


async def health(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.effective_message is not None
    keys = [
        [InlineKeyboardButton("Take", callback_data="take", style="primary")],
        [InlineKeyboardButton("Copy ID", copy_text=CopyTextButton("K9"))],
    ]
    markup = InlineKeyboardMarkup(keys)
    await update.effective_message.reply_html(HEALTH, reply_markup=markup, do_quote=True)


async def photo(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.effective_message is not None
    await update.effective_message.reply_photo(picture(40, 30), caption="A chart")


async def take(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.callback_query is not None
    await update.callback_query.answer("You are on it")
    await update.callback_query.edit_message_text("taken by Ada")


@pytest_asyncio.fixture(loop_scope="module")
async def url(api: BotApi) -> AsyncIterator[str]:
    app: Any = (
        Application.builder()
        .token(api.token)
        .request(SandboxRequest(api))
        .get_updates_request(SandboxRequest(api))
        .build()
    )
    app.add_handler(CommandHandler("health", health))
    app.add_handler(CommandHandler("top5", photo))
    app.add_handler(CallbackQueryHandler(take))
    with SampleTracker(cores=1) as tracker:
        async with app:
            await app.start()
            await app.updater.start_polling(timeout=30)
            await app.bot.set_my_commands(
                [BotCommand("health", "All well?"), BotCommand("top5", "x")]
            )
            await app.bot.set_my_commands([BotCommand("health", "Tout va ?")], language_code="fr")
            async with serving(api, tracker, within_s=60) as place:
                yield place.url
            await app.updater.stop()
            await app.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as play:
        made = await play.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield made
        await made.close()


async def opened(browser: Browser, url: str, **options: Any) -> tuple[Page, list[str]]:  # noqa: ANN401
    page = await (await browser.new_context(**(PHONE | options))).new_page()
    page.set_default_timeout(5_000)
    troubles: list[str] = []
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("requestfailed", lambda lost: troubles.append(lost.url))
    await page.goto(url)
    await expect(page.locator("#presence")).to_have_text("bot")
    return page, troubles


async def test_a_conversation(api: BotApi, browser: Browser, url: str) -> None:
    """Typing, formatting, folding, a press with toast and edit: all as on a phone."""
    page, troubles = await opened(browser, url)
    await page.fill("#text", "/health")
    await page.keyboard.press("Enter")
    bubble = page.locator("article.in").first
    await expect(bubble.locator("strong")).to_have_text("All works")
    await expect(bubble.locator("pre")).to_have_text("scrapers  ok")
    await expect(bubble.locator("time.date_time")).to_contain_text("in ")
    await expect(bubble.locator(".text")).to_contain_text("<img src=x onerror=alert(1)>")
    await expect(bubble.locator(".quoted")).to_contain_text("/health")
    assert await bubble.locator("img").count() == 0
    fold = bubble.locator(".fold")
    await expect(fold).to_have_attribute("aria-expanded", "false")
    await fold.click()
    await expect(fold).to_have_attribute("aria-expanded", "true")
    await bubble.locator(".spoiler").focus()
    await page.keyboard.press("Enter")
    await expect(bubble.locator(".spoiler")).to_have_class("spoiler shown")
    await page.get_by_role("button", name="Take").click()
    await expect(page.locator("#toast")).to_have_text("You are on it")
    await expect(bubble.locator(".text")).to_have_text("taken by Ada")
    await expect(bubble.locator(".edited")).to_have_text("edited")
    assert await bubble.locator(".keys").count() == 0
    assert [post.text for post in api.said(ADA)] == ["taken by Ada"]
    assert troubles == []


async def test_a_quick_answer_is_not_called_missing(browser: Browser, url: str) -> None:
    """The toast may come before the press is confirmed; nobody is then told it never came."""
    page, troubles = await opened(browser, url)
    toast = page.locator("#toast")

    async def late(route: Route) -> None:
        answer = await route.fetch()
        await expect(toast).to_have_text("You are on it")
        await route.fulfill(response=answer)

    await page.route("**/press", late)
    await page.clock.install()
    await page.fill("#text", "/health")
    await page.keyboard.press("Enter")
    async with page.expect_response("**/press"):
        await page.get_by_role("button", name="Take").last.click()
    await page.clock.run_for(11_000)
    await expect(toast).to_have_text("You are on it")
    assert troubles == []


async def test_the_command_menu_and_the_language(browser: Browser, url: str) -> None:
    """The menu is worked by keyboard, and follows the language of the page."""
    page, troubles = await opened(browser, url)
    await page.click("#slash")
    options = page.locator("#menu li")
    await expect(options).to_have_count(2)
    await page.keyboard.press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")
    await expect(page.locator("article.in .photo img")).to_be_visible()
    await page.locator(".photo").click()
    await expect(page.locator("#viewer")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.click("#open-panel")
    await page.get_by_label("Français").check()
    await page.click("#close-panel")
    await expect(page.locator(".sample")).to_have_text("données d’exemple")
    await page.fill("#text", "/")
    await expect(options).to_have_text(["/healthTout va ?"])
    assert troubles == []


async def test_reading_back_is_not_disturbed(api: BotApi, browser: Browser, url: str) -> None:
    """New messages leave a reader in place, are counted, and marked; being at the end follows."""
    page, _ = await opened(browser, url)
    for number in range(30):
        await api.call("sendMessage", {"chat_id": ADA, "text": f"message {number}\n\n."})
    await expect(page.locator("article")).to_have_count(30)
    await expect(page.get_by_text("message 29")).to_be_in_viewport()
    await expect(page.locator("#down")).to_be_hidden()
    await page.locator("#log").evaluate("node => node.scrollTo(0, 100)")
    await expect(page.locator("#down")).to_be_visible()
    await api.call("sendMessage", {"chat_id": ADA, "text": "news"})
    await expect(page.locator("#unread")).to_have_text("1")
    assert await page.locator("#log").evaluate("node => node.scrollTop") == 100
    await expect(page.locator(".unread-mark")).to_have_text("New messages")
    await page.click("#down")
    await expect(page.locator("#down")).to_be_hidden()
    await expect(page.get_by_text("news", exact=True)).to_be_in_viewport()


async def test_breaking_and_repairing(browser: Browser, url: str) -> None:
    """The panel breaks the real tracker, says how long an alert takes, and repairs it."""
    page, troubles = await opened(browser, url, viewport={"width": 1200, "height": 820})
    await page.click("[data-name=stop_scrapers]")
    await expect(page.locator("li.broken .hint")).to_contain_text("alert in about")
    await expect(page.locator("#facts dd").first).to_have_text("stopped")
    await page.click("[data-name=stop_scrapers]")
    await expect(page.locator("#facts dd").first).to_have_text("running")
    assert await page.locator("li.broken").count() == 0
    assert troubles == []


async def test_nothing_sticks_out(browser: Browser, url: str) -> None:
    """At every width the page fits sideways, in both languages."""
    page, _ = await opened(browser, url)
    await page.fill("#text", "/health")
    await page.keyboard.press("Enter")
    await expect(page.locator("article.in")).to_have_count(1)
    for label in ("English", "Français"):
        await page.set_viewport_size({"width": 1200, "height": 820})
        await page.get_by_label(label).check()
        for width in (320, 390, 859, 860, 1200):
            await page.set_viewport_size({"width": width, "height": 700})
            for selector in ("html", "#log", "#panel", "#phone"):
                fits = "node => node.scrollWidth <= node.clientWidth"
                assert await page.locator(selector).evaluate(fits), (selector, width, label)


async def test_a_page_that_comes_back_has_everything(
    api: BotApi, browser: Browser, url: str, tmp_path: Path
) -> None:
    """A reload shows the same conversation, and what was not read is at the end."""
    await api.call("sendMessage", {"chat_id": ADA, "text": "before"})
    page, _ = await opened(browser, url)
    await expect(page.get_by_text("before")).to_be_visible()
    await page.reload()
    await expect(page.get_by_text("before")).to_be_visible()
    await page.screenshot(path=tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 10_000
