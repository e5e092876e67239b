"""The morning report as a table for a spreadsheet: one figure a row, nothing unknown as 0."""

import csv as tables
import io
import math
from collections.abc import Iterator
from datetime import datetime

from handlers.views.i18n import Language
from handlers.views.message import Document
from handlers.views.text import clean, clip
from jobs.report import Report, SourceDay
from storage.records import Opportunity

FORMULA = frozenset("=+-@|%")
TEXT = 300
Figure = str | float | datetime | None
Row = tuple[str, str, Figure]


def csv(report: Report, language: Language) -> Document:
    """Return the table; spreadsheets of the reader's language open it as it is.

    Where the decimal sign is a comma, columns are set apart by semicolons. Times are local.
    """
    out = io.StringIO()
    comma = language.catalogue.formats.decimal == ","
    writer = tables.writer(out, delimiter=";" if comma else ",", lineterminator="\r\n")
    writer.writerow([language.plain(f"csv.{each}") for each in ("day", "about", "figure", "value")])
    for about, figure, value in _rows(report, language):
        label = language.plain(f"csv.{figure}")
        digits = _digits(figure)
        said = _spell(value, language, digits=digits)
        writer.writerow([report.day.isoformat(), _safe(about), label, said])
    name = language.plain("csv.name", date=report.day.isoformat())
    return Document(name=f"{name}.csv", content=out.getvalue().encode("utf-8-sig", "replace"))


def _rows(report: Report, language: Language) -> Iterator[Row]:
    whole = language.plain("csv.whole")
    yield whole, "since", report.since
    yield whole, "until", report.until
    yield whole, "covered_pct", None if report.covered is None else 100.0 * report.covered
    yield whole, "new", report.new.today
    yield whole, "usual", report.new.usual
    yield whole, "median_usd_min", report.median_roi
    yield whole, "mean_usd_min", report.mean_roi
    known = report.new.today is not None
    for name in ("high", "medium", "low", "unknown"):
        yield whole, name, getattr(report, name) if known else None
    seen = report.covered is not None or bool(report.incidents)
    yield whole, "alerts", len(report.incidents) if seen else None
    yield whole, "open", report.open if seen else None
    yield whole, "longest_s", report.longest_s
    yield whole, "acked_s", report.ack_median_s
    told = report.deliveries
    yield whole, "sent", None if told is None else told.sent
    yield whole, "dead", None if told is None else told.dead
    for source in report.by_source:
        yield from _source(source)
    for each in report.scrapers:
        yield each.name, "ran_pct", None if each.uptime.up is None else 100.0 * each.uptime.up
        yield each.name, "unknown_pct", 100.0 * each.uptime.unknown
    for rank, row in enumerate(report.top, 1):
        yield from _opportunity(f"{rank}. {clean(row.title)}", row)


def _source(source: SourceDay) -> Iterator[Row]:
    yield source.name, "runs", source.runs
    yield source.name, "new", source.new.today
    yield source.name, "usual", source.new.usual
    yield source.name, "gap_s", source.median_gap_s
    yield source.name, "usual_gap_s", source.usual_gap_s
    yield source.name, "up_pct", None if source.uptime.up is None else 100.0 * source.uptime.up
    yield source.name, "unknown_pct", 100.0 * source.uptime.unknown


def _opportunity(about: str, row: Opportunity) -> Iterator[Row]:
    yield about, "source", row.source
    yield about, "roi_usd_min", row.roi
    yield about, "reward", row.reward or None
    yield about, "minutes", row.minutes
    yield about, "deadline", row.deadline or None
    yield about, "link", row.url or None


def _digits(figure: str) -> int:
    """Return how many decimals say something: none of a second, one of a percentage or a mean."""
    if figure.endswith("_s"):
        return 0
    return 1 if figure.endswith("_pct") or figure == "usual" else 4


def _spell(value: Figure, language: Language, *, digits: int) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(language.timezone):%Y-%m-%d %H:%M}"
    if isinstance(value, str):
        return _safe(value)
    if value is None or not math.isfinite(value):
        return language.plain("word.no_data")
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace(".", language.catalogue.formats.decimal)


def _safe(text: str) -> str:
    """Return scraped text that no spreadsheet takes for a formula."""
    shown = clip(clean(text), TEXT)
    return f"'{shown}" if shown[:1] in FORMULA else shown
