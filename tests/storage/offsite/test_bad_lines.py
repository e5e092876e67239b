"""What a bad network does to a copy: never something falsely there, and the next run completes."""

import random
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from storage.archives.manifest import MANIFEST_NAME, Manifest
from storage.files import sha256
from storage.offsite.copies import Offsite
from storage.offsite.place import Place, Stored
from storage.offsite.s3 import Patience
from storage.offsite.trouble import OffsiteError, Trouble
from tests.storage.offsite import servers
from tests.storage.offsite.backups import START, Backups, content, files_of
from tests.storage.offsite.servers import SHORT, Line, Server, answer

ONCE = replace(SHORT, tries=1)
HASTY = replace(ONCE, silence=timedelta(milliseconds=400))
LOOK = re.compile(rb"HEAD ")
END_OF_PARTS, CLEARING = re.compile(rb"POST \S+uploadId="), re.compile(rb"DELETE \S+uploadId=")
SHORTER = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nETag: x\r\nConnection: close\r\n"
    b"Last-Modified: Sun, 01 Mar 2026 02:00:00 GMT\r\n\r\n"
)
LARGE = 12_000_000  # three parts


def offsite(backups: Backups, place: Place) -> Offsite:
    return Offsite(place, backups.folder, clock=lambda: START)


def nothing_false(place: Place, *manifests: Manifest) -> None:
    """Whatever has its manifest there has all its archives there, whole."""
    there = place.names()
    for manifest in manifests:
        if any(MANIFEST_NAME.fullmatch(name) and manifest.id in name for name in there):
            assert files_of(manifest) <= set(there)
            assert all(there[archive.name] == archive.size for archive in manifest.archives)


@pytest.mark.parametrize("seed", range(6))
def test_cut_anywhere_and_done_by_the_next_run(
    backups: Backups, server: Server, line: Line, prefix: str, seed: int
) -> None:
    """The line dies for good after some bytes; once it is back, one push is enough."""
    chance = random.Random(seed)  # noqa: S311
    manifest = backups.add(size=LARGE if seed < 3 else 60_000)
    direct = servers.bucket(server.port, prefix)
    copies = offsite(backups, servers.bucket(line.port, prefix, patience=ONCE))
    copies.list()
    total = manifest.base.size + 6_000
    for _ in range(3):
        line.heal()
        line.cut_after = chance.randrange(total)
        with pytest.raises(OffsiteError) as caught:
            copies.push(manifest)
        assert caught.value.trouble is Trouble.UNREACHABLE
        nothing_false(direct, manifest)
        assert copies.record.pushed == ""
    line.heal()
    copies = offsite(backups, servers.bucket(line.port, prefix, patience=ONCE))  # the next night's
    copies.push(manifest)
    nothing_false(direct, manifest)
    assert offsite(backups, direct).check(manifest).ok


def test_a_connection_that_died_at_rest_costs_nobody_anything(
    backups: Backups, s3rver: Server, prefix: str
) -> None:
    """It was kept for the next request, which goes over a new one: the pause is one try's."""
    line = Line(s3rver.port)
    place = servers.bucket(line.port, prefix, patience=replace(SHORT, tries=2))
    for _ in range(10):
        place.names()
        line.heal()  # which drops what is open
    manifest = backups.add()
    assert offsite(backups, place).push(manifest).id == manifest.id
    line.close()


@pytest.mark.parametrize("cut_after", [1, 300_000, 2_000_000])
def test_a_line_that_breaks_now_and_then_costs_nobody_anything(
    backups: Backups, line: Line, prefix: str, cut_after: int
) -> None:
    """Twice in an upload: the push itself goes on and succeeds."""
    manifest = backups.add(size=LARGE)
    line.cut_after, line.breaks = cut_after, 2
    copies = offsite(backups, servers.bucket(line.port, prefix))
    assert copies.push(manifest).id == manifest.id
    assert line.breaks == 0
    assert copies.check(manifest).ok


def test_a_line_that_holds_everything_up_is_given_up(
    backups: Backups, line: Line, prefix: str
) -> None:
    """Nothing comes through: an error after the patience is used up, and the next run is good."""
    manifest = backups.add()
    line.holds = True
    with pytest.raises(OffsiteError) as caught:
        offsite(backups, servers.bucket(line.port, prefix, patience=HASTY)).push(manifest)
    assert caught.value.trouble is Trouble.UNREACHABLE
    line.heal()
    copies = offsite(backups, servers.bucket(line.port, prefix, patience=ONCE))
    assert copies.push(manifest).id == manifest.id


@pytest.mark.parametrize("size", [20_000, LARGE])
def test_what_is_not_seen_at_once_is_waited_for(
    backups: Backups, line: Line, prefix: str, size: int
) -> None:
    """A service may say that it has an object before it shows it; one that never does has none."""
    manifest = backups.add(size=size)
    unseen = answer(404, "")
    line.answered = {LOOK: [unseen, *[SHORTER] * 8]}
    copies = offsite(backups, servers.bucket(line.port, prefix, patience=ONCE))
    copies.push(manifest)
    assert line.answered == {LOOK: []}
    assert copies.check(manifest).ok
    newer = backups.add(base=True, size=size)
    line.answered = {LOOK: [unseen] * 1000}
    brief = replace(ONCE, all_tries=timedelta(milliseconds=100))
    with pytest.raises(OffsiteError) as caught:
        offsite(backups, servers.bucket(line.port, prefix, patience=brief)).push(newer)
    assert (caught.value.trouble, caught.value.name) == (Trouble.DAMAGED, newer.base.name)
    line.heal()
    copies = offsite(backups, servers.bucket(line.port, prefix, patience=ONCE))
    assert copies.push(newer).kept == (newer.base.name,)


@pytest.mark.parametrize("patience", [ONCE, SHORT])
def test_an_upload_whose_last_answer_is_lost_is_done(
    backups: Backups, line: Line, prefix: str, patience: Patience
) -> None:
    """The server has it whole, and knows no such upload any more: that is no trouble."""
    manifest = backups.add(size=LARGE)
    copies = offsite(backups, servers.bucket(line.port, prefix, patience=patience))
    line.loses = END_OF_PARTS
    assert manifest.base.name in copies.push(manifest).sent
    assert line.loses is None
    assert copies.check(manifest).ok


@pytest.mark.parametrize("status", [403, 404, 405])
def test_an_upload_that_cannot_be_ended_is_not_blamed_on_its_clearing(
    backups: Backups, server: Server, line: Line, prefix: str, status: int
) -> None:
    """The end is refused, and so is clearing the parts away, which needs a right of its own."""
    manifest = backups.add(size=LARGE)
    older = backups.folder / "older"
    older.write_bytes(b"x")
    small = Stored(size=1, sha256=sha256(older))
    servers.bucket(server.port, prefix).put(manifest.base.name, older, small)
    copies = offsite(backups, servers.bucket(line.port, prefix, patience=ONCE))
    line.answered = {
        END_OF_PARTS: [answer(500, "InternalError")],
        CLEARING: [answer(status, "AccessDenied")],
    }
    with pytest.raises(OffsiteError) as caught:
        copies.push(manifest)
    assert caught.value.trouble is Trouble.BUSY
    assert line.answered == {END_OF_PARTS: [], CLEARING: []}
    line.heal()
    copies = offsite(backups, servers.bucket(line.port, prefix, patience=ONCE))
    assert copies.push(manifest).id == manifest.id


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_that_fails_for_a_while_is_asked_again(
    backups: Backups, server: Server, line: Line, prefix: str, status: int
) -> None:
    """Two refusals are sat out; when they go on it is an error, and nothing false is there."""
    manifest = backups.add()
    copies = offsite(backups, servers.bucket(line.port, prefix))
    line.answers = [answer(status, "SlowDown")] * 2
    assert copies.push(manifest).id == manifest.id
    newer = backups.add()
    line.always = answer(status, "SlowDown")
    with pytest.raises(OffsiteError) as caught:
        copies.push(newer)
    assert (caught.value.trouble, caught.value.said) == (Trouble.BUSY, "SlowDown")
    line.heal()
    nothing_false(servers.bucket(server.port, prefix), manifest, newer)
    assert copies.push(newer).id == newer.id


def test_a_failure_at_each_request_in_turn(backups: Backups, moto: Server, prefix: str) -> None:
    """Whichever request of a push fails first: nothing false, and the next push completes."""
    backups.add()
    manifest = backups.add()
    for at in range(60):
        line = Line(moto.port)
        place = servers.bucket(line.port, f"{prefix}/{at}", patience=ONCE)
        copies = offsite(backups, place)
        line.answers = [b""] * at + [answer(500, "InternalError")]
        failed = False
        try:
            copies.push(manifest)
        except OffsiteError as error:
            failed = True
            assert error.trouble is Trouble.BUSY  # noqa: PT017
        line.heal()
        copies = offsite(backups, servers.bucket(line.port, f"{prefix}/{at}", patience=ONCE))
        nothing_false(servers.bucket(moto.port, f"{prefix}/{at}"), manifest)
        copies.push(manifest)
        assert copies.check(manifest).ok
        line.close()
        if not failed:
            break
    assert not failed
    assert at >= 12


def test_a_pull_over_a_line_that_is_cut(
    backups: Backups, server: Server, line: Line, prefix: str, tmp_path: Path
) -> None:
    """Only whole files are here, the manifest is not; the next pull completes."""
    backups.add(size=3_000_000)
    newest = backups.add()
    offsite(backups, servers.bucket(server.port, prefix)).push(newest)
    folder = tmp_path / "wiped"
    copies = Offsite(servers.bucket(line.port, prefix, patience=ONCE), folder, clock=lambda: START)
    line.cut_down_after = 1_000_000
    with pytest.raises(OffsiteError) as caught:
        copies.pull()
    assert caught.value.trouble is Trouble.UNREACHABLE
    assert content(folder) == {}
    line.heal()
    copies = Offsite(servers.bucket(line.port, prefix, patience=ONCE), folder, clock=lambda: START)
    assert copies.pull().id == newest.id
    assert set(content(folder)) == files_of(newest)


def test_a_download_that_breaks_goes_on_where_it_was(
    backups: Backups, server: Server, line: Line, prefix: str, tmp_path: Path
) -> None:
    """One break is nobody's business."""
    newest = backups.add(size=3_000_000)
    offsite(backups, servers.bucket(server.port, prefix)).push(newest)
    line.cut_down_after, line.cuts_down = 1_000_000, 1
    copies = Offsite(servers.bucket(line.port, prefix), tmp_path / "wiped", clock=lambda: START)
    assert copies.pull().id == newest.id
    assert line.cuts_down == 0


def test_patience_is_bounded() -> None:
    """A copy that gets nowhere ends within minutes, not hours."""
    usual = Patience()
    assert usual.tries * usual.silence <= timedelta(minutes=15)
    assert usual.all_tries < timedelta(minutes=5)  # the signature of a request lasts no longer
    assert msgspec.json.encode(usual.connect)
