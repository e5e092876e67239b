"""/backup as people use it: at a glance, made, tested, listed; the data folder brought back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from bot.sandbox.faults import Fault, Way, status, too_many
from bot.sandbox.world import Post
from handlers.access import Access
from handlers.leftovers import settle
from jobs.backup_results import Retrieved, Work
from jobs.facts import Unknown
from storage.archives.findings import Bad, Restored
from storage.archives.findings import Fault as Wrong
from storage.archives.manifest import Flag, Loss, Manifest, Note
from storage.archives.results import Listed, Step
from storage.records import Phrase
from storage.unfinished import NOT_YET, Unfinished
from tests.handlers.chat import ADA, BOB, TEAM, World
from tests.handlers.vault import ODD, snapshot
from tests.waiting import until

RESTORE, YES = "♻️ Restore the data folder", "Yes, restore it"
EMPTIED = Note(path="data", flag=Flag.EMPTY)


def labels(post: Post) -> list[str]:
    """Return what its buttons say."""
    return [button["text"] for button in post.buttons]


def make_admin(world: World) -> None:
    """Let Ada administer."""
    access = Access(chat_ids=frozenset({ADA, TEAM}), admin_ids=frozenset({ADA}))
    world.app.bot_data["services"] = replace(world.services, access=access)


def edited(world: World) -> int:
    """Return how often a message was edited."""
    return sum(method == "editMessageText" for method, _ in world.api.calls)


async def lose_data(world: World) -> None:
    """Delete the data folder, and let it be noticed."""
    for path in world.folder.iterdir():
        path.unlink()
    world.folder.rmdir()
    await world.services.watch.run()


@asynccontextmanager
async def held(world: World, text: str) -> AsyncIterator[Post]:
    """Ask for something that takes as long as the block lasts; yield the message that tells it."""
    world.vault.gate.clear()
    asking = asyncio.create_task(world.say(text))
    try:
        await until(lambda: world.vault.under_way is not None)
        yield world.api.said(ADA)[-1]
    finally:
        world.vault.gate.set()
        await asking


async def test_without_any_backup_it_offers_the_first(world: World) -> None:
    """One button, and nothing that would need one."""
    (post,) = await world.say("/backup")
    assert post.text.startswith("💾 No backup yet")
    assert labels(post) == ["💾 Back up now"]


async def test_the_state_at_a_glance(world: World) -> None:
    """Age, size, files, how many days are kept, when the next one comes."""
    world.vault.keep(7)
    (post,) = await world.say("/backup")
    lines = post.text.split("\n")
    assert lines[0] == "💾 Backed up and checked"
    assert lines[1] == "Newest  Thu 13 Aug 16:02 (17 h ago) · 13 files, 36.8 MB packed"
    assert "Kept  7 of 7 days, since 7 Aug · 129 MB in all" in lines
    assert "Next  in 17 h (Sat 02:02)" in lines
    assert labels(post) == [
        "💾 Back up now",
        "🔁 Test restore",
        "🗂 All 7 backups",
        "⬇️ Get the files",
    ]


@pytest.mark.parametrize(
    ("change", "first"),
    [
        ({"broken": "base-x.tar.zst is missing"}, "🔴 No backup can be restored whole"),
        ({"notes": ODD}, "🟡 Backed up, with files in doubt"),
    ],
)
async def test_the_verdict_is_the_first_line(
    world: World, change: dict[str, object], first: str
) -> None:
    """What cannot be restored, and what is in doubt, is no “checked”."""
    at = world.at.wall - timedelta(hours=3)
    world.vault.snapshots = [snapshot(at, **change)]  # type: ignore[arg-type]
    (post,) = await world.say("/backup")
    assert post.text.startswith(first)


async def test_an_old_backup_is_named_old_unless_nobody_asked_for_more(world: World) -> None:
    """26 hours, as the alert has it."""
    world.vault.snapshots = [snapshot(world.at.wall - timedelta(hours=27))]
    assert (await world.say("/backup"))[0].text.startswith("🟠 The last good backup is 27 h old")
    world.vault.next_in = None
    (post,) = await world.say("/backup")
    assert post.text.startswith("💾 Backed up and checked")
    assert "only when asked for: BACKUP_AT is empty" in post.text


async def test_a_broken_newest_is_said_and_the_last_good_one_shown(world: World) -> None:
    """Both facts: which one helps, and that the latest does not."""
    at = world.at.wall
    world.vault.snapshots = [
        snapshot(at - timedelta(hours=30)),
        snapshot(at - timedelta(hours=6), broken="diff-x.tar.zst is missing"),
    ]
    (post,) = await world.say("/backup")
    assert post.text.startswith("🔴 The newest backup cannot be restored whole")
    assert "Thu 13 Aug 03:02" in post.text


@pytest.mark.parametrize("word", ["now", "NOW", "maintenant"])
async def test_a_backup_is_made_and_its_message_becomes_the_result(world: World, word: str) -> None:
    """One message, as in the mock-up."""
    (post,) = await world.say(f"/backup {word}")
    assert world.vault.done == [Work.BACKUP]
    lines = post.text.split("\n")
    assert lines[0] == "💾 Backup finished and checked"
    assert lines[1] == "20260814T070200Z · 18.4 MB · 13 files · 3.1 s"
    assert "packed      ok   13 files" in lines
    assert "JSON        ok   13 sound" in lines
    assert "free disk   ok   41.0 GB left" in lines
    assert f"sha256 {'5f2c' * 16}" in lines
    copies = [button["copy_text"]["text"] for button in post.buttons if "copy_text" in button]
    assert copies == ["5f2c" * 16]


async def test_what_was_deleted_and_what_is_in_doubt_is_named(world: World) -> None:
    """Invalid JSON warns in the table; each file is named, harmless whatever it is called."""
    world.vault.keep(7)
    world.vault.notes = ODD
    (post,) = await world.say("/backup now")
    assert post.text.startswith("🟡 Backup finished, with files in doubt")
    assert "JSON        warn 1 not valid" in post.text
    assert "removed 20260807T000000Z" in post.text
    assert "<b>opportunities</b>_9.json: no valid JSON" in post.text.replace("\u2060", "")
    assert "an earlier version is kept" in post.text


async def test_no_backup_says_why_and_what_to_try(world: World) -> None:
    """The reason, the advice, the last good one, a button to try again that works."""
    world.vault.keep(1)
    world.vault.trouble = Phrase(
        "backups.run.no_space", {"needed_bytes": 50_000_000, "free_bytes": 1_000_000}
    )
    (post,) = await world.say("/backup now")
    assert post.text.startswith("🔴 No backup was made")
    assert "50.0 MB" in post.text
    assert "Try  " in post.text
    assert "The last good one is of Thu 13 Aug 16:02" in post.text
    world.vault.trouble = None
    assert (await world.press(post, "🔄 Try again")).toast == "See below."
    assert world.api.said(ADA)[-1].text.startswith("💾 Backup finished")


async def test_progress_is_edited_in_place_and_only_when_it_changed(world: World) -> None:
    """Phases that are over, the one under way with its count, the ones to come."""
    world.vault.steps = (
        Step(phase="list", done=2000, total=0),
        Step(phase="pack", done=1240, total=2000, bytes_done=248, bytes_total=400),
    )
    async with held(world, "/backup now") as post:
        await until(lambda: "1240" in post.text)
        lines = post.text.split("\n")
        assert lines[0] == "💾 Making a backup…"
        assert "list        ok" in lines
        assert "pack        …    1240 of 2000" in lines
        assert "▰▰▰▰▰▰▱▱▱▱ 62%" in post.text.replace("\u202f", "").replace(" %", "%")
        edits = edited(world)
        await asyncio.sleep(0.05)
        assert edited(world) == edits
    assert post.text.startswith("💾 Backup finished")


async def test_a_second_asker_joins_what_is_under_way(world: World) -> None:
    """One backup, told in both messages; anything else is asked to wait."""
    async with held(world, "/backup now") as post:
        again = asyncio.create_task(world.say("/backup now"))
        await until(lambda: "under way already" in world.api.said(ADA)[-1].text)
        second = world.api.said(ADA)[-1]
        (busy,) = await world.say("/backup test")
        assert busy.text.startswith("A backup has been being made since 09:02")
        (glance,) = await world.say("/backup")
        assert "One is being made just now, since 09:02" in glance.text
    await again
    assert post.text.startswith("💾 Backup finished")
    assert second.text.startswith("💾 Backup finished")


async def test_the_last_word_is_said_though_telegram_stumbles(world: World) -> None:
    """Errors on the way, a lost answer, a pause asked for: the result comes all the same."""
    for fault in (status(502), Fault(Way.RESET), Fault(Way.ACCEPTED), too_many(1)):
        world.api.fail_next(fault, methods="editMessageText")
    (post,) = await world.say("/backup now")
    assert post.text.startswith("💾 Backup finished")
    assert world.services.unfinished.all() == []


async def test_a_step_that_telegram_refuses_is_passed_over(world: World) -> None:
    """The work goes on, later steps are shown, and so is the result."""
    world.vault.steps = tuple(Step(phase="pack", done=n, total=8) for n in range(1, 9))
    world.api.fail_next(status(500), methods="editMessageText")
    world.api.fail_next(too_many(1), methods="editMessageText")
    async with held(world, "/backup now") as post:
        await until(lambda: "8 of 8" in post.text)
    assert post.text.startswith("💾 Backup finished")


async def test_a_first_word_that_never_arrived_starts_nothing(world: World) -> None:
    """Who got no answer gets no surprise; nothing is left to be settled either."""
    world.api.fail_next(Fault(Way.RESET), methods="sendMessage")
    assert await world.say("/backup now") == []
    assert world.vault.done == []
    assert world.services.unfinished.all() == []


async def test_a_last_word_nobody_takes_is_kept_for_the_next_start(world: World) -> None:
    """Telegram is away for longer than anybody tries: the screen is settled later."""
    world.api.fail_next(status(502), times=7, methods="editMessageText")
    (post,) = await world.say("/backup now")
    assert post.text.startswith("💾 Making a backup")
    assert [row.message_id for row in world.services.unfinished.all()] == [post.id]
    await settle(world.app.bot, world.services)
    assert post.text.startswith("⚪ I could not say")


async def test_a_deleted_progress_message_is_answered_anew(world: World) -> None:
    """Who deletes it still learns what came of it."""
    async with held(world, "/backup now") as post:
        await world.app.bot.delete_message(ADA, post.id)
    assert world.api.said(ADA)[-1].text.startswith("💾 Backup finished")


async def test_a_trial_restore_says_what_came_back(world: World) -> None:
    """Good: how many, compared; bad: each file and why."""
    world.vault.keep(1)
    (post,) = await world.say("/backup test")
    assert post.text.startswith("🔁 The trial restore brought everything back")
    assert "12 files, 2.4 MB" in post.text
    assert "Nothing of yours was changed" in post.text
    bad = (Bad("data/a<b>.json", Wrong.HASH), Bad("data/b.json", Wrong.MISSING))
    world.vault.outcome = Retrieved(
        restored=Restored(
            id="x", placed=(), files=10, bytes=5, reused=0, seconds=1.0, complete=False, bad=bad
        ),
        trouble=Phrase("backups.drill.bad", {"n": 2, "file": "data/a<b>.json"}),
    )
    (post,) = await world.say("/backup test")
    assert post.text.startswith("🔴 The trial restore failed")
    assert "10 files came back right" in post.text
    assert "data/b.json: not in the archive" in post.text.replace("\u2060", "")


async def test_the_list_marks_each_backup_and_copies_its_command(world: World) -> None:
    """Newest first; checked, in doubt, broken; what is broken still names why."""
    at = world.at.wall
    world.vault.snapshots = [
        snapshot(at - timedelta(days=3), broken="base-<i>.tar.zst is missing"),
        snapshot(at - timedelta(days=2), notes=ODD),
        structs.replace(snapshot(at - timedelta(days=1)), manifest=None, broken="damaged"),
        snapshot(at - timedelta(hours=7)),
    ]
    (post,) = await world.say("/backup list")
    heads = [line for line in post.text.split("\n") if line and line[0] in "✓◐✗"]
    assert [head[0] for head in heads] == ["✓", "✗", "◐", "✗", "✓"]  # the last is the legend
    assert "cannot be restored whole: base-<i>.tar.zst is missing" in post.text.replace(
        "\u2060", ""
    )
    assert "python -m bot restore 20260814T000200Z" in post.text
    copies = [button["copy_text"]["text"] for button in post.buttons if "copy_text" in button]
    assert copies[0] == "python -m bot restore 20260814T000200Z"
    assert len(copies) == 3


async def test_a_long_list_is_paged_in_place(world: World) -> None:
    """Ten a page; a page that is no more shows the last one; forged ones change nothing."""
    world.vault.keep(23)
    (post,) = await world.say("/backup liste")
    assert "Older ▶" in labels(post)
    assert "◀ Newer" not in labels(post)
    await world.press(post, "Older ▶")
    await world.press(post, "Older ▶")
    assert "Older ▶" not in labels(post)
    assert post.text.count("✓") == 3 + 1
    await world.press(post, "v1:bklist:999")
    assert post.text.count("✓") == 3 + 1
    await world.press(post, "v1:bklist:-1")
    assert "out of date" in world.api.said(ADA)[-1].text


async def test_viewers_are_told_whose_it_is(world: World) -> None:
    """A command and a press by somebody with too low a role do nothing."""
    world.vault.keep(1)
    (post,) = await world.say("/backup now", user=BOB, chat=TEAM)
    assert "operator" in post.text
    (post,) = await world.say("/backup", chat=TEAM)
    assert (await world.press(post, "💾 Back up now", user=BOB)).toast
    assert world.vault.done == []


async def test_an_unknown_word_names_the_known_ones(world: World) -> None:
    """Nothing is guessed where it would do something."""
    (post,) = await world.say("/backup <b>rm</b>")
    assert "now, list, test, get" in post.text
    (post,) = await world.say("/backup now please")
    assert "now, list, test, get" in post.text
    assert world.vault.done == []


async def test_what_does_something_expires_what_tells_does_not(world: World) -> None:
    """A command that lay in Telegram for an hour makes no backup now."""
    for text, refused in (("/sauvegarde maintenant", True), ("/backup list", False)):
        await world.api.say(ADA, ADA, text)
        world.later(timedelta(hours=1))
        await world.settle()
        assert ("more than two minutes old" in world.api.said(ADA)[-1].text) == refused
    assert world.vault.done == []


async def test_a_lost_data_folder_is_the_first_thing_said(world: World) -> None:
    """What to press and what to type, from the backup before the loss; nothing without one."""
    at = world.at.wall
    before, after = snapshot(at - timedelta(days=1)), snapshot(at - timedelta(hours=1))
    assert isinstance(after.manifest, Manifest)
    state = tuple(one for one in after.manifest.members if one.path.startswith("state/"))
    emptied = structs.replace(after.manifest, members=state, notes=(EMPTIED,))
    await lose_data(world)
    (post,) = await world.say("/backup")
    assert "There is no good backup to bring it back from" in post.text
    world.vault.snapshots = [before, structs.replace(after, manifest=emptied)]
    (post,) = await world.say("/backup")
    assert post.text.startswith("🔴 The data folder is gone.")
    assert f"python -m bot restore {before.id} --only 'data/*'" in post.text
    assert "an admin gets a button here" in post.text
    assert RESTORE not in labels(post)
    make_admin(world)
    (post,) = await world.say("/backup")
    assert RESTORE in labels(post)
    await world.press(post, RESTORE)
    await world.press(world.api.said(ADA)[-1], YES)
    assert world.vault.restored == before.id


async def test_a_lost_folder_stays_lost_while_a_look_cannot_tell(world: World) -> None:
    """A look that took too long knows nothing of the folder: what is alarmed still holds."""
    world.vault.keep(1)
    await lose_data(world)
    watch = world.services.watch
    assert watch.last is not None
    unknown = Unknown(Phrase("unknown.timeout", {"limit_s": 2.0}))
    watch.last = replace(watch.last, facts=replace(watch.last.facts, data=unknown))
    (post,) = await world.say("/backup")
    assert post.text.startswith("🔴 The data folder is gone.")


async def test_the_restore_is_asked_first_and_done_once(world: World) -> None:
    """Its button works once, for five minutes, in its chat, for admins."""
    world.vault.keep(2)
    await lose_data(world)
    make_admin(world)
    (post,) = await world.say("/backup")
    await world.press(post, RESTORE)
    question = world.api.said(ADA)[-1]
    assert question.text.startswith("♻️ Restore the data folder?")
    assert "12 files, 2.4 MB" in question.text
    yes = next(b["callback_data"] for b in question.buttons if b["text"] == YES)
    assert len(yes.encode()) <= 64
    await world.press(question, YES)
    assert world.vault.done == [Work.RESTORE]
    assert question.buttons == []
    told = world.api.said(ADA)[-1].text
    assert told.startswith("✅ The data folder is back")
    assert "data.before-1" in told
    assert str((await world.press(question, yes)).toast).startswith("That button was good once")
    assert world.vault.done == [Work.RESTORE]


async def test_a_restore_button_goes_stale(world: World) -> None:
    """After five minutes, from another backup, forged or in another chat, nothing happens."""
    world.vault.keep(2)
    make_admin(world)
    (post,) = await world.say("/backup")
    newest = world.vault.snapshots[-1].id
    seals = world.services.seals
    late = seals.make(ADA, "bkyes", newest, at=world.at)
    elsewhere = seals.make(TEAM, "bkyes", newest, at=world.at)
    world.later(timedelta(minutes=7))
    older = world.vault.snapshots[0].id
    other = seals.make(ADA, "bkyes", older, at=world.at)
    for word in (f"{newest}:{late}", f"{newest}:{elsewhere}", f"{newest}:0-abc", f"{newest}:é"):
        press = await world.press(post, f"v1:bkyes:{word}")
        assert str(press.toast).startswith("That button was good once")
    press = await world.press(post, f"v1:bkyes:{older}:{other}")
    assert str(press.toast).startswith("There is a newer backup")
    assert world.vault.done == []


async def test_operators_do_not_restore(world: World) -> None:
    """The data folder is replaced by admins only, whatever button they got hold of."""
    world.vault.keep(2)
    (post,) = await world.say("/backup")
    newest = world.vault.snapshots[-1].id
    seal = world.services.seals.make(ADA, "bkyes", newest, at=world.at)
    for data in ("v1:bkrestore", f"v1:bkyes:{newest}:{seal}"):
        assert (await world.press(post, data)).toast == "For admins only."
    assert world.vault.done == []


@pytest.mark.parametrize("text", ["/backup restore", "/sauvegarde restaurer"])
async def test_admins_may_ask_for_a_restore_at_any_time(world: World, text: str) -> None:
    """Also where the folder is there; others are told who may, and without a backup nobody."""
    world.vault.keep(2)
    (post,) = await world.say(text)
    assert "admin" in post.text
    make_admin(world)
    (post,) = await world.say(text)
    await world.press(post, YES)
    assert world.vault.restored == world.vault.snapshots[-1].id
    world.vault.snapshots.clear()
    (post,) = await world.say(text)
    assert post.text == "There is no good backup yet."


async def test_another_vigies_backup_is_not_offered(world: World) -> None:
    """It says whose the backups are; of one's own the newest is taken, whatever came behind it."""
    world.vault.keep(2)
    make_admin(world)
    mine, other = world.vault.snapshots
    theirs = structs.replace(other, strangers=("/srv/b/data", "/srv/b/var"))
    world.vault.snapshots[:] = [mine, theirs]
    (post,) = await world.say("/backup restore")
    await world.press(post, YES)
    assert world.vault.restored == mine.id
    world.vault.snapshots[:] = [theirs]
    (post,) = await world.say("/backup restore")
    assert "another Vigie’s" in post.text
    assert "srv/b/data" in post.text
    assert post.buttons == []


async def test_a_backup_of_other_folders_says_so_in_the_question(world: World) -> None:
    """As on a new machine with other names; it is offered all the same."""
    world.vault.keep(1)
    make_admin(world)
    (kept,) = world.vault.snapshots
    world.vault.snapshots[:] = [structs.replace(kept, made_of=("/old/data", "/old/var"))]
    (post,) = await world.say("/backup restore")
    assert "made from" in post.text
    assert "old/var" in post.text
    await world.press(post, YES)
    assert world.vault.restored == kept.id


async def test_a_restore_that_failed_says_nothing_was_put_in_place(world: World) -> None:
    """And where to go from there."""
    world.vault.keep(2)
    make_admin(world)
    world.vault.outcome = Retrieved(
        restored=Restored(
            id="x", placed=(), files=10, bytes=5, reused=0, seconds=1.0, complete=False,
            bad=(Bad("data/a.json", Wrong.DAMAGED),),
        )
    )  # fmt: skip
    (post,) = await world.say("/backup")
    await world.press(post, "v1:bkrestore")
    await world.press(world.api.said(ADA)[-1], YES)
    told = world.api.said(ADA)[-1].text
    assert told.startswith("🔴 The data folder was not restored")
    assert "Nothing was put in place; 10 files" in told


async def test_after_a_restart_nothing_claims_to_be_under_way(world: World) -> None:
    """Killed in the middle: the message on screen is told the truth, or forgotten if gone."""
    async with held(world, "/backup now") as post:
        (row,) = world.services.unfinished.all()
        assert await settle(world.app.bot, world.services) == 1
        assert post.text.startswith("⚪ I could not say here how this backup")
        assert labels(post) == ["◀ Overview"]
        assert world.services.unfinished.all() == []
        world.services.unfinished.begin(replace(row, message_id=NOT_YET))
        assert await settle(world.app.bot, world.services) == 1
        assert world.api.said(ADA)[-1].text.startswith("⚪ I could not say")
        gone = replace(row, message_id=99_999, what="get")
        world.services.unfinished.begin(gone)
        assert await settle(world.app.bot, world.services) == 1
        assert world.services.unfinished.all() == []


@pytest.mark.parametrize("what", ["backup", "drill", "restore", "get"])
async def test_every_kind_of_interruption_has_its_words(world: World, what: str) -> None:
    """In the language it was asked in."""
    (post,) = await world.say("/backup")
    row = Unfinished(chat_id=ADA, message_id=post.id, what=what, language="fr", since=world.at.wall)
    world.services.unfinished.begin(row)
    await settle(world.app.bot, world.services)
    assert post.text.startswith("⚪ Je n’ai pas pu dire")


async def test_the_alert_of_a_lost_folder_leads_to_the_backups(world: World) -> None:
    """One press from the alert to what brings the data back."""
    world.vault.keep(1)
    await lose_data(world)
    for _ in range(3):
        world.later(timedelta(minutes=5))
        await world.services.watch.run()
    (listed,) = await world.say("/alerts")
    number = next(each.number for each in world.services.alerts.open() if each.key == "data:folder")
    assert listed.text
    await world.press(listed, f"v1:ack:{number}")  # edits the pressed message into the card
    assert "/backup brings it back" in listed.text
    await world.press(listed, "💾 Backups")
    assert world.api.said(ADA)[-1].text.startswith("🔴 The data folder is gone")


async def test_work_that_breaks_leaves_no_message_waiting(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug of ours: the message says it was cut off, the asker is excused, the log has it."""
    world.vault.snapshots = []  # the fake's drill needs one
    (post, excuse) = await world.say("/backup test")
    assert post.text.startswith("⚪ I could not say here how this trial restore")
    assert excuse.text.startswith("Sorry")
    assert "a handler failed" in caplog.text
    assert world.services.unfinished.all() == []


MEANT, GONE = "✔️ It was meant so", "Yes, meant so"


def lose(world: World) -> Listed:
    """Have the newest backup made after the data had shrunk; return the last whole one."""
    world.vault.keep(3)
    *_, good, newest = world.vault.snapshots
    assert newest.manifest is not None
    assert good.manifest is not None
    loss = Loss(
        root="data", id=good.id, at=good.manifest.started, files=12,
        found=newest.manifest.started, gone=("data/a",),
    )  # fmt: skip
    notes = (Note(path="data", flag=Flag.SHRUNK, detail="3 of 12 files"),)
    manifest = structs.replace(newest.manifest, losses=(loss,), notes=notes)
    world.vault.snapshots[-1] = structs.replace(newest, manifest=manifest)
    return good


async def test_a_loss_leads_to_both_of_its_ends(world: World) -> None:
    """The files' return, from the last good one; or that it was meant, asked first, done once."""
    good = lose(world)
    (post,) = await world.say("/backup")
    assert post.text.startswith("🔴 data lost files and they are not back: found ")
    assert "12 files before. The last good backup, of " in post.text
    assert "An admin finds buttons here" in post.text
    assert RESTORE not in labels(post)
    assert MEANT not in labels(post)
    make_admin(world)
    (post,) = await world.say("/backup")
    assert labels(post)[:2] == [RESTORE, MEANT]
    await world.press(post, RESTORE)
    await world.press(world.api.said(ADA)[-1], YES)
    assert world.vault.restored == good.id
    await world.press(post, MEANT)
    question = world.api.said(ADA)[-1]
    assert question.text.startswith("Was that meant so?\ndata lost files")
    yes = next(b["callback_data"] for b in question.buttons if b["text"] == GONE)
    assert len(yes.encode()) <= 64
    assert world.vault.meant == 0
    await world.press(question, GONE)
    assert (world.vault.meant, world.vault.done[-1]) == (1, Work.BACKUP)
    assert question.buttons == []
    assert world.api.said(ADA)[-1].text.startswith("💾 Backup finished")
    assert str((await world.press(question, yes)).toast).startswith("That button was good once")
    (post,) = await world.say("/backup")
    assert MEANT not in labels(post)
    await world.press(post, "v1:bkmeant")
    assert world.api.said(ADA)[-1].text.startswith("Nothing is missing")
    assert world.vault.meant == 1


async def test_only_an_admin_who_was_asked_ends_a_loss(world: World) -> None:
    """Not an operator, not five minutes later, not in another chat, not for another backup."""
    lose(world)
    (post,) = await world.say("/backup")
    newest, older = world.vault.snapshots[-1].id, world.vault.snapshots[0].id
    seals = world.services.seals
    fresh = seals.make(ADA, "bkgone", newest, at=world.at)
    for data in ("v1:bkmeant", f"v1:bkgone:{newest}:{fresh}"):
        assert (await world.press(post, data)).toast == "For admins only."
    make_admin(world)
    elsewhere = seals.make(TEAM, "bkgone", newest, at=world.at)
    other_verb = seals.make(ADA, "bkyes", newest, at=world.at)
    for word in (f"{newest}:{elsewhere}", f"{newest}:{other_verb}", f"{newest}:é", "x:y", "::"):
        await world.press(post, f"v1:bkgone:{word}")
    other = seals.make(ADA, "bkgone", older, at=world.at)
    press = await world.press(post, f"v1:bkgone:{older}:{other}")
    assert str(press.toast).startswith("There is a newer backup")
    world.later(timedelta(minutes=7))
    await world.press(post, f"v1:bkgone:{newest}:{fresh}")
    assert (world.vault.meant, world.vault.done) == (0, [])


async def test_a_backup_under_way_does_not_say_that_it_was_meant(world: World) -> None:
    """It is not joined: it was begun by somebody who said nothing of the kind."""
    lose(world)
    make_admin(world)
    (post,) = await world.say("/backup")
    await world.press(post, MEANT)
    question = world.api.said(ADA)[-1]
    async with held(world, "/backup now"):
        await world.press(question, GONE)
        assert "being made" in world.api.said(ADA)[-1].text
    assert world.vault.meant == 0
