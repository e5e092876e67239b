from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.opportunities import EVER_PAID, RANKS, Counts, Row
from storage.records import Provenance
from storage.schema import micros
from tests.storage.folder import NOON, Folder

HOUR = timedelta(hours=1)


def row(
    key: int, roi: float | None = None, *, hours: int = 0, rank: int = 0, **more: object
) -> Row:
    at = micros(NOON + hours * HOUR)
    plain = Row(
        key=key, source="Galxe", title=f"Quest {key}", url="", reward="", minutes=None, roi=roi,
        rank=3 if roi is None else rank, deadline="", first_seen=at, last_seen=at,
    )  # fmt: skip
    return plain._replace(**more)  # type: ignore[arg-type]


def put(folder: Folder, *rows: Row) -> None:
    folder.history.write(lambda db: folder.index.put(db, rows))


def test_the_top_is_known_figures_in_order(folder: Folder) -> None:
    """Unknown ROI are never in it, whatever is asked for; pages follow each other."""
    put(folder, row(1, 3.0), row(2), row(3, 9.0), row(4, 0.0), row(-5, 5.0))
    assert [o.roi for o in folder.index.top(n=9, source=None, since=None)] == [9.0, 5.0, 3.0, 0.0]
    assert [o.roi for o in folder.index.top(n=2, source=None, since=None, offset=2)] == [3.0, 0.0]


def test_equal_figures_keep_one_order(folder: Folder) -> None:
    """The better provenance first, then the fresher, so that pages do not overlap."""
    put(folder, row(1, 2.0, rank=2), row(2, 2.0, rank=0), row(3, 2.0, rank=0, hours=1))
    assert [o.title for o in folder.index.top(n=9, source=None, since=None)] == [
        "Quest 3", "Quest 2", "Quest 1",
    ]  # fmt: skip


def test_filters_are_source_and_last_seen(folder: Folder) -> None:
    """`since` includes its own moment; counts and top agree."""
    put(folder, row(1, 3.0), row(2, 4.0, hours=2), row(3, source="Zealy", hours=2))
    since = NOON + 2 * HOUR
    assert [o.title for o in folder.index.top(n=9, source=None, since=since)] == ["Quest 2"]
    assert folder.index.count(source=None, since=since) == Counts(total=2, ranked=1, unknown=1)
    assert folder.index.count(source="Galxe", since=None) == Counts(total=2, ranked=2, unknown=0)
    assert folder.index.top(n=9, source="Zealy", since=None) == []
    assert folder.index.sources() == ["Galxe", "Zealy"]


def test_the_better_provenance_wins_and_times_widen(folder: Folder) -> None:
    """A worse or older sighting moves the times only."""
    put(folder, row(1, 3.0, rank=1, title="old"))
    put(folder, row(1, 9.0, rank=2, hours=2, title="guess"))
    put(folder, row(1, 4.0, rank=0, hours=-2, title="best"))
    (found,) = folder.index.top(n=9, source=None, since=None)
    assert (found.roi, found.provenance, found.title) == (4.0, Provenance.GIVEN, "best")
    assert (found.first_seen, found.last_seen) == (NOON - 2 * HOUR, NOON + 2 * HOUR)


_sightings = st.builds(
    row,
    st.integers(1, 3),
    st.floats(0, 9),
    hours=st.integers(-5, 5),
    rank=st.integers(0, 2),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_sightings, min_size=1, max_size=12), st.data())
def test_the_order_of_sightings_does_not_matter(
    folder: Folder, sightings: list[Row], data: st.DataObject
) -> None:
    """However files are read, in one batch or many, the index holds the same."""
    truth: dict[int, Row] = {}
    for seen in sightings:
        old = truth.get(seen.key, seen)
        best = min(old, seen, key=lambda r: r.rank)
        truth[seen.key] = best._replace(
            first_seen=min(old.first_seen, seen.first_seen),
            last_seen=max(old.last_seen, seen.last_seen),
        )
    folder.history.write(lambda db: db.execute("DELETE FROM opportunity"))
    for seen in data.draw(st.permutations(sightings)):
        put(folder, seen)
    found = {o.title: o for o in folder.index.top(n=9, source=None, since=None)}
    assert {t: (micros(o.first_seen), micros(o.last_seen)) for t, o in found.items()} == {
        r.title: (r.first_seen, r.last_seen) for r in truth.values()
    }
    assert {t: o.provenance for t, o in found.items()} == {
        r.title: RANKS[r.rank] for r in truth.values()
    }


def test_statistics_are_of_the_window_only(folder: Folder) -> None:
    """New is what was first seen in it; ROI figures are of the known ones."""
    rows = [row(n, roi, hours=-1) for n, roi in enumerate([1.0, 2.0, 4.9, 5.0, 100.0, None])]
    old = row(50, 7.0, hours=-24)
    future = row(51, 7.0, hours=1)
    put(folder, *rows, old, future, row(60, hours=-2, source="Zealy"))
    seen = folder.index.statistics(now=NOON)
    assert (seen.new, seen.high, seen.medium, seen.low, seen.unknown) == (7, 2, 2, 1, 2)
    assert seen.median_roi == 4.9
    assert seen.mean_roi == pytest.approx(22.58)
    assert seen.by_source == {"Galxe": 6, "Zealy": 1}
    assert seen.since == NOON - 24 * HOUR


def test_sources_that_never_paid_are_told_apart(folder: Folder) -> None:
    """One known ROI at any time, even long ago, makes its source's unknown ones count."""
    put(folder, row(1, hours=-1), row(2, hours=-1), row(3, hours=-30))
    put(folder, row(4, hours=-1, source="Zealy"), row(5, 3.0, hours=-1, source="Zealy"))
    put(folder, row(6, hours=-2, source="Layer3"), row(7, 0.1, hours=-900, source="Layer3"))
    seen = folder.index.statistics(now=NOON)
    assert (seen.new, seen.unknown, seen.rewardless) == (5, 4, 2)
    put(folder, row(3, 2.5, hours=-30))
    assert folder.index.statistics(now=NOON).rewardless == 0


def test_whether_a_source_ever_paid_is_read_from_an_index(folder: Folder) -> None:
    """Ten thousand cards without rewards are not looked through in every cycle."""
    plan = folder.history.read(lambda db: db.execute(f"EXPLAIN QUERY PLAN {EVER_PAID}", ("Galxe",)))
    assert any("opportunity_paid" in step for *_, step in plan)


def test_statistics_of_nothing_invent_nothing(folder: Folder) -> None:
    """No data: no median, no oldest time."""
    seen = folder.index.statistics(now=NOON)
    assert (seen.new, seen.median_roi, seen.mean_roi, seen.since) == (0, None, None, None)


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)", "tg://resolve?domain=x", "ftp://e.org", "galxe.com/x",
        "https://e org", "https://e.org/\nx", "https://e.org/" + "x" * 3000, "data:text/html,x", "",
    ],
)  # fmt: skip
def test_only_web_links_are_kept(folder: Folder, link: str) -> None:
    """A hostile or broken link still tells records apart, but nobody can click on it."""
    records = [{"title": "a", "url": link, "source": "Galxe", "roi": 9.0}]
    folder.report("opportunities_1754069406.json", records)
    (found,) = folder.index.top(n=1, source=None, since=None)
    assert found.url == ""


def test_identity_is_source_and_link_else_id_else_title(folder: Folder) -> None:
    """The same link under two sources is two; the same title under two links is two."""
    records: list[dict[str, object]] = [
        {"title": "a", "link": "https://e.org/1", "source": "Galxe"},
        {"title": "b", "url": "https://e.org/1", "source": "Galxe", "id": "7"},
        {"title": "a", "link": "https://e.org/2", "source": "Galxe"},
        {"title": "a", "link": "https://e.org/1", "source": "Zealy"},
        {"title": "a", "id": 7, "source": "Galxe", "url": ""},
        {"title": "c", "id": "7", "source": "Galxe", "link": None},
        {"title": "a", "source": "Galxe"},
        {"title": " a ", "source": "Galxe", "roi": 3.0},
    ]
    folder.report("opportunities_1754069406.json", records)
    assert folder.index.count(source="Galxe", since=None).total == 4
    assert folder.index.count(source="Zealy", since=None).total == 1


def test_endless_text_is_cut(folder: Folder) -> None:
    """A title of a megabyte costs three hundred characters."""
    records = [{"title": "x" * 1_000_000, "reward": "y" * 1000, "source": "S" * 500, "roi": 3.3}]
    folder.report("opportunities_1754069406.json", records)
    (found,) = folder.index.top(n=1, source=None, since=None)
    assert (len(found.title), len(found.reward), len(found.source)) == (300, 100, 60)
    assert found.key == f"{int(found.key, 16):016x}"
