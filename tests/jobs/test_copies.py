"""What the morning report says of the copies off this machine is of that morning."""

from datetime import UTC, timedelta

import pytest

from handlers.views.i18n import LANGUAGES, language
from jobs.copies import Copies, Failure, remembered, told
from storage.offsite.record import Record
from storage.records import Phrase
from tests.jobs.looks import NOON

DAY = timedelta(days=1)
FAILED = Failure(NOON, Phrase("offsite.unreachable", {"place": "s3://bucket"}))


def copies(**values: object) -> Copies:
    """Return good copies but for what is said."""
    known = {"place": "s3://bucket", "count": 3, "newest_at": NOON - DAY, "pushed_at": NOON - DAY}
    return Copies(**(known | values))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (copies(), "off-site: 3 copies, the newest of "),
        (copies(count=1), "off-site: 1 copy, of "),
        (copies(count=None), "off-site: the newest copy of "),
        (Copies(place="s3://bucket"), "⚠️ off-site: no copy known yet"),
        (copies(owed=True), "could not be brought home"),
        (copies(failed=FAILED), "the copy failed"),
        (copies(damaged=2, checked_at=NOON), "2 files of the copy damaged"),
        (copies(damaged=2, checked_at=NOON + DAY), "off-site: 3 copies"),
        (copies(failed=Failure(NOON + DAY, FAILED.fact)), "off-site: 3 copies"),
        (copies(pushed_at=NOON + DAY), None),
    ],
)
def test_how_they_stood_that_morning(known: Copies, said: str | None) -> None:
    """The worst first, none in words, and nothing of what came later."""
    found = told(known, NOON)
    if said is None:
        assert found is None
        return
    assert found is not None
    assert said in language("en", UTC).plain(found)
    for code in LANGUAGES:
        assert found.key not in language(code, UTC).plain(found)


def test_nothing_remembered_is_none() -> None:
    """No record at all, and one of a place nothing was copied to."""
    assert remembered(None) is None
    assert remembered(Record(where="s3://bucket")) == Copies(place="s3://bucket")
