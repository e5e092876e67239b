"""What a server that refuses is said to want: what to do about it, and no secret."""

import traceback

import pytest

from storage.offsite.copies import Offsite
from storage.offsite.place import Place
from storage.offsite.trouble import OffsiteError, Trouble
from tests.storage.offsite import servers
from tests.storage.offsite.backups import START, Backups
from tests.storage.offsite.servers import Line, Server, answer


def offsite(backups: Backups, place: Place) -> Offsite:
    return Offsite(place, backups.folder, clock=lambda: START)


REFUSED = [
    (403, "InvalidAccessKeyId", Trouble.KEYS, "AWS_ACCESS_KEY_ID"),
    (403, "SignatureDoesNotMatch", Trouble.KEYS, "AWS_SECRET_ACCESS_KEY"),
    (400, "ExpiredToken", Trouble.KEYS, "AWS_ACCESS_KEY_ID"),
    (403, "AccessDenied", Trouble.DENIED, "PutObject"),
    (404, "NoSuchBucket", Trouble.BUCKET, "create it"),
    (403, "RequestTimeTooSkewed", Trouble.CLOCK, "set its time"),
    (301, "", Trouble.REGION, "AWS_REGION"),
    (400, "AuthorizationHeaderMalformed", Trouble.REGION, "AWS_REGION"),
    (507, "XMinioStorageFull", Trouble.FULL, "no room"),
    (400, "SomethingNew", Trouble.ODD, "SomethingNew"),
]


@pytest.mark.parametrize("refused", REFUSED, ids=lambda refused: f"{refused[0]}{refused[1]}")
def test_every_refusal_says_what_to_do_and_no_secret(
    backups: Backups, moto: Server, prefix: str, refused: tuple[int, str, Trouble, str]
) -> None:
    """The place is named, the server's word, and what helps; servers quote keys, we do not."""
    status, code, trouble, advice = refused
    line = Line(moto.port)
    key, secret = "AKIAQUOTEDBYSERVERS", "neverToBeSeenAnywhere"
    quoted = f"<AWSAccessKeyId>{key}</AWSAccessKeyId><StringToSign>{secret}</StringToSign>"
    line.always = answer(status, code, extra=quoted)
    place = servers.bucket(line.port, prefix, key_id=key, secret=secret)
    for attempt in (offsite(backups, place).list, lambda: place.remove("base-x")):
        with pytest.raises(OffsiteError) as caught:
            attempt()
        said = "".join(traceback.format_exception(caught.value))
        assert (caught.value.trouble, caught.value.said) == (trouble, code)
        assert advice in said
        assert f"s3://vigie/{prefix}" in said
        assert key not in said
        assert secret not in said
    line.close()


def test_a_bucket_that_is_not_there(backups: Backups, server: Server) -> None:
    """The real servers' answer, not one we made."""
    place = servers.bucket(server.port, "x", url="s3://nobody-made-this/x")
    with pytest.raises(OffsiteError) as caught:
        offsite(backups, place).push(backups.add())
    assert caught.value.trouble is Trouble.BUCKET
    assert str(caught.value).startswith("s3://nobody-made-this/x: there is no such bucket")


def test_keys_a_real_server_does_not_know(backups: Backups, s3rver: Server) -> None:
    """s3rver knows one pair only."""
    place = servers.bucket(s3rver.port, "x", key_id="nobody", secret="hidden")  # noqa: S106
    with pytest.raises(OffsiteError) as caught:
        offsite(backups, place).push(backups.add())
    assert caught.value.trouble is Trouble.KEYS
    assert "hidden" not in repr(caught.value)


def test_nobody_answers_at_all(backups: Backups) -> None:
    """A wrong endpoint, or no network."""
    place = servers.bucket(servers.free_port(), "x")
    with pytest.raises(OffsiteError) as caught:
        offsite(backups, place).push(backups.add())
    assert caught.value.trouble is Trouble.UNREACHABLE
    assert "AWS_ENDPOINT_URL" in str(caught.value)
