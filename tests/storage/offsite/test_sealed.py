"""Encrypted copies: what a machine with, without and with another key can do; and a person."""

import hashlib
import io
import shutil
import subprocess
from pathlib import Path

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyrage.x25519 import Identity

from storage.archives.manifest import manifest_name
from storage.offsite.copies import Offsite
from storage.offsite.note import NOTE
from storage.offsite.opening import open_offsite, open_seal
from storage.offsite.place import Place, Stored
from storage.offsite.results import Why
from storage.offsite.sealing import Seal
from storage.offsite.sums import sums_name
from storage.offsite.target import Target
from storage.offsite.trouble import BrokenSealError, OffsiteError, Trouble, WrongKeyError
from tests.storage.offsite.backups import START, Backups, content, files_of

KEY, OTHER = Identity.generate(), Identity.generate()


def seal(*keys: Identity, identity: Identity | None = None) -> Seal:
    return Seal([str(key.to_public()) for key in keys], "" if identity is None else str(identity))


def offsite(place: Place, folder: Path, sealed: Seal | None) -> Offsite:
    return Offsite(place, folder, clock=lambda: START, seal=sealed)


def test_what_leaves_is_encrypted_and_comes_back(
    backups: Backups, place: Place, tmp_path: Path
) -> None:
    """No byte of an archive or manifest lies there in the clear, but its list does."""
    backups.add()
    newest = backups.add()
    offsite(place, backups.folder, seal(KEY)).push(newest)
    here = content(backups.folder)
    for name in place.names():
        lying = b"".join(place.pieces(name))
        if name not in {sums_name(newest.id), "RESTORE.txt"}:
            assert name.endswith(".age")
            assert lying.startswith(b"age-encryption.org/v1\n")
        assert not any(whole[:64] in lying for whole in here.values())
        assert b"secret-plans" not in lying
    wiped = offsite(place, tmp_path / "wiped", seal(KEY, identity=KEY))
    assert wiped.pull().id == newest.id
    assert content(tmp_path / "wiped") == {name: here[name] for name in files_of(newest)}


def test_without_a_secret_key_all_but_opening_goes_on(backups: Backups, place: Place) -> None:
    """Push knows what is there, check compares what lies there, prune finds what is needed."""
    copies = offsite(place, backups.folder, seal(KEY))
    first, second = backups.add(), backups.add()
    copies.push(first)
    assert len(copies.push(second).kept) == 1
    assert copies.push(second).sent == ()
    checked = copies.check(second)
    assert (checked.ok, checked.opened) == (True, False)
    assert copies.prune({second.id}).ids == (first.id,)
    assert copies.check(second).ok
    assert second.diff is not None
    assert copies.list()[0].archives == (second.base.name, second.diff.name)


def test_with_the_key_the_content_is_compared_too(backups: Backups, place: Place) -> None:
    """A copy that is whole, and opens to something else, is not good."""
    manifest = backups.add()
    copies = offsite(place, backups.folder, seal(KEY, identity=KEY))
    copies.push(manifest)
    checked = copies.check(manifest)
    assert (checked.ok, checked.opened) == (True, True)


def test_what_is_damaged_here_is_not_encrypted_and_sent(backups: Backups, place: Place) -> None:
    """An archive that is not what its manifest says stays here."""
    manifest = backups.add()
    path = backups.folder / manifest.base.name
    path.write_bytes(b"y" + path.read_bytes()[1:])
    with pytest.raises(OffsiteError) as caught:
        offsite(place, backups.folder, seal(KEY)).push(manifest)
    assert (caught.value.trouble, caught.value.name) == (Trouble.LOCAL, manifest.base.name)
    assert place.names() == {}


def test_recipients_in_another_order_are_the_same() -> None:
    """Else the next copy would be sent whole."""
    assert seal(KEY, OTHER).mark == seal(OTHER, KEY).mark != seal(KEY).mark


def test_a_key_that_does_not_fit(backups: Backups, place: Place, tmp_path: Path) -> None:
    """Pull and check say which object, and what to set; nothing is written."""
    manifest = backups.add()
    offsite(place, backups.folder, seal(KEY)).push(manifest)
    for sealed in (None, seal(KEY), seal(OTHER, identity=OTHER)):
        with pytest.raises(OffsiteError) as caught:
            offsite(place, tmp_path / "wiped", sealed).pull()
        assert caught.value.trouble is Trouble.SEALED
        assert "BACKUP_AGE_IDENTITY" in str(caught.value)
        assert content(tmp_path / "wiped") == {}
    with pytest.raises(OffsiteError) as caught:
        offsite(place, backups.folder, seal(OTHER, identity=OTHER)).check(manifest)
    assert caught.value.trouble is Trouble.SEALED


def test_a_new_key_opens_the_next_copy_alone(
    backups: Backups, place: Place, tmp_path: Path
) -> None:
    """Who lost the old key sets a new one: the base too is sent again, for that one."""
    first = backups.add()
    offsite(place, backups.folder, seal(KEY)).push(first)
    second = backups.add()
    new = offsite(place, backups.folder, seal(OTHER, identity=OTHER))
    assert new.push(second).kept == ()
    assert offsite(place, tmp_path / "wiped", seal(OTHER, identity=OTHER)).pull().id == second.id
    assert new.prune({second.id}).ids == (first.id,)
    assert len(place.names()) == 3 + 2


def test_turning_encryption_on_takes_the_clear_copy_away(backups: Backups, place: Place) -> None:
    """The snapshot is there once, encrypted; its clear files go with the next pruning."""
    manifest = backups.add()
    offsite(place, backups.folder, None).push(manifest)
    copies = offsite(place, backups.folder, seal(KEY))
    copies.push(manifest)
    copies.prune({manifest.id})
    assert manifest_name(manifest.id) not in place.names()
    assert copies.check(manifest).ok


def test_a_damaged_seal_is_named(backups: Backups, place: Place) -> None:
    """A flipped bit is found by age itself, and by the list."""
    manifest = backups.add()
    copies = offsite(place, backups.folder, seal(KEY, identity=KEY))
    copies.push(manifest)
    name = next(name for name in place.names() if name.startswith("base-"))
    lying = bytearray(b"".join(place.pieces(name)))
    lying[-100] ^= 1
    (backups.folder / "flipped").write_bytes(lying)
    put = Stored(size=len(lying), sha256=hashlib.sha256(lying).hexdigest())
    place.put(name, backups.folder / "flipped", put)
    (backups.folder / "flipped").unlink()
    assert [one.why for one in copies.check(manifest).damaged] == [Why.SEAL]
    assert copies.push(manifest).sent[0] == name
    assert copies.check(manifest).ok


@pytest.mark.parametrize("who", ["first", "second"])
def test_a_person_restores_with_age_alone(
    backups: Backups, place: Place, tmp_path: Path, who: str
) -> None:
    """Download, sha256sum, age: the commands of the note beside the copies, by either key."""
    if shutil.which("age") is None or shutil.which("sha256sum") is None:
        pytest.skip("age or sha256sum is not installed")
    backups.add()
    newest = backups.add()
    offsite(place, backups.folder, seal(KEY, OTHER)).push(newest)
    assert b"".join(place.pieces("RESTORE.txt")).decode() == NOTE
    folder = tmp_path / "download"
    folder.mkdir()
    (folder / "key.txt").write_text(f"# a key\n{KEY if who == 'first' else OTHER}\n")
    for name in place.names():
        (folder / name).write_bytes(b"".join(place.pieces(name)))
    compare = ["sha256sum", "-c", "--ignore-missing", sums_name(newest.id)]
    subprocess.run(compare, cwd=folder, check=True, capture_output=True)
    for name in place.names():
        if name.endswith(".age"):
            plain = name[: -len(".0a1b2c3d.age")]
            subprocess.run(
                ["age", "-d", "-i", "key.txt", "-o", plain, name], cwd=folder, check=True
            )
    said = subprocess.run(compare, cwd=folder, check=True, capture_output=True, text=True)
    assert said.stdout.count(": OK") == 6
    here = content(backups.folder)
    assert all((folder / name).read_bytes() == here[name] for name in files_of(newest))


def test_keys_that_are_none_or_do_not_belong_together() -> None:
    """They are refused at the start, and none is repeated."""
    good = str(KEY.to_public())
    for recipients, identity in (
        (("age1misspelt",), ""),
        ((good,), "AGE-SECRET-KEY-1MISSPELT"),
        ((good,), str(OTHER)),
    ):
        with pytest.raises(OffsiteError) as caught:
            open_seal(Target(url="", recipients=recipients, identity=identity))
        assert caught.value.trouble is Trouble.RECIPIENTS
        assert "MISSPELT" not in str(caught.value)
        assert str(OTHER) not in str(caught.value)
    assert open_seal(Target(url="")) is None
    opened = open_seal(Target(url="", recipients=(good,), identity=f"# mine\n{KEY}\n{OTHER}"))
    assert opened is not None
    assert opened.opens


def test_a_destination_is_opened_by_its_url(tmp_path: Path) -> None:
    """Bucket or folder; anything else is told how to be written."""
    for url in ("s3://bucket/some/where", f"file://{tmp_path}"):
        target = Target(url=url, key_id="a", secret="b")  # noqa: S106
        assert open_offsite(target, tmp_path, clock=lambda: START).where == url
    for url in ("ftp://x", "file://host/x", "s3:///x"):
        with pytest.raises(OffsiteError) as caught:
            open_offsite(Target(url=url), tmp_path, clock=lambda: START)
        assert caught.value.trouble is Trouble.URL


class Collected(io.BytesIO):
    """Keeps what is written."""


@given(content=st.binary(max_size=200_000), cut=st.integers(1, 200), sizes=st.integers(1, 70_000))
def test_every_stream_comes_back_or_is_known_to_be_cut(
    content: bytes, cut: int, sizes: int
) -> None:
    """Whatever the pieces; a stream that lacks its end is never taken for a whole one."""
    sealed = seal(KEY, identity=KEY)
    lying = Collected()
    sealed.close(iter([content[at : at + sizes] for at in range(0, len(content), sizes)]), lying)
    whole = lying.getvalue()
    plain = Collected()
    sealed.open(iter([whole[at : at + sizes] for at in range(0, len(whole), sizes)]), plain)
    assert plain.getvalue() == content
    with pytest.raises((BrokenSealError, WrongKeyError)):
        sealed.open(iter([whole[:-cut]]), Collected())


def test_trouble_of_either_side_passes_through() -> None:
    """A full disk stays a full disk, a broken line a broken line: Rust does not rename them."""

    class Full(io.BytesIO):
        def write(self, data: object, /) -> int:  # noqa: ARG002
            raise OSError(28, "No space left on device")

    def broken() -> object:
        yield b"age-encryption.org/v1\n"
        raise OffsiteError(Trouble.UNREACHABLE, "s3://bucket")

    sealed = seal(KEY, identity=KEY)
    with pytest.raises(OSError, match="No space left") as full:
        sealed.close(iter([b"x"]), Full())
    assert full.value.errno == 28
    with pytest.raises(OffsiteError):
        sealed.open(broken(), io.BytesIO())  # type: ignore[arg-type]
    lying = pyrage.encrypt(b"x" * 100_000, [KEY.to_public()])
    with pytest.raises(OSError, match="No space left"):
        sealed.open(iter([lying]), Full())
