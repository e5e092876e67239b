"""/report: what the last 24 hours brought, or a morning's report again."""

from datetime import date

from handlers import report_day
from handlers.call import Call, Effect
from handlers.reporting import Reports
from handlers.views import report as view
from handlers.views import welcome
from handlers.views.message import Message
from handlers.views.text import escape
from jobs.report import Report

NOW = "now"


async def report(call: Call) -> Message:
    """Return the report of the day asked for, with its picture; a week day by day, in words."""
    if report_day.week(call.args):
        return view.days(
            await _reports(call).report(None, chat_id=call.chat_id, at=call.at),
            language=call.language,
        )
    try:
        day = report_day.parse(call.args, today=_reports(call).reporter.today(call.at))
    except ValueError:
        return welcome.note("report.which", word=" ".join(call.args), language=call.language)
    return await _reports(call).message(
        day, chat_id=call.chat_id, language=call.language, at=call.at
    )


async def press(asked: Call) -> Effect:
    """Put everything about a report's day below: all of it, day by day, or as a table."""
    what, word = asked.args
    try:
        day = day_of(asked, word)
    except ValueError:
        day, what = None, ""
    if what not in VIEWS:
        return Effect(reply=welcome.note("button.stale", language=asked.language))
    found = await _reports(asked).report(day, chat_id=asked.chat_id, at=asked.at)
    return Effect(reply=VIEWS[what](found, asked))


def _full(found: Report, asked: Call) -> Message:
    return view.full(found, language=asked.language)


def _days(found: Report, asked: Call) -> Message:
    return view.days(found, language=asked.language)


def _csv(found: Report, asked: Call) -> Message:
    said = escape(view.line(found, asked.language))
    return Message(html=said, document=view.csv(found, asked.language))


VIEWS = {"full": _full, "days": _days, "csv": _csv}


def day_of(asked: Call, word: str) -> date | None:
    """Return the day of a button, None for now; raise ValueError for anything else."""
    return (
        None
        if word == NOW
        else report_day.parse([word], today=_reports(asked).reporter.today(asked.at))
    )


def _reports(call: Call) -> Reports:
    return call.services.reports
