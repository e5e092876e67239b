"""The buttons under a report that put away what it lists, in place, and take it back."""

from dataclasses import replace

from handlers import report, shelf
from handlers.call import Call, Effect
from handlers.pressed import STALE
from handlers.views.message import Message
from handlers.views.report_keys import FOLDED, UNFOLDED, Picking
from storage.picks import Verdict

STATES = {"-": FOLDED, "p": UNFOLDED}


async def turn(asked: Call) -> Effect:
    """Unfold the choices under the report, or fold them."""
    state, word = asked.args
    if state not in STATES or not _dated(asked, word):
        return STALE
    return Effect(edit=await _shown(asked, word, STATES[state]))


async def done(asked: Call) -> Effect:
    """Put an opportunity away as done."""
    return await _put_away(asked, Verdict.DONE)


async def hide(asked: Call) -> Effect:
    """Put an opportunity away as not wanted."""
    return await _put_away(asked, Verdict.HIDDEN)


async def undo(asked: Call) -> Effect:
    """List again what was put away."""
    key, word = asked.args
    if not _dated(asked, word):
        return STALE
    taken = await shelf.take_back(asked, key)
    return replace(taken, edit=await _shown(asked, word, UNFOLDED))


async def _put_away(asked: Call, verdict: Verdict) -> Effect:
    key, word = asked.args
    found = await shelf.put_away(asked, key, verdict) if _dated(asked, word) else None
    if found is None:
        return STALE
    edit = await _shown(asked, word, replace(UNFOLDED, undo=found))
    return replace(shelf.said(found, verdict), edit=edit)


def _dated(asked: Call, word: str) -> bool:
    try:
        report.day_of(asked, word)
    except ValueError:
        return False
    return True


async def _shown(asked: Call, word: str, picking: Picking) -> Message:
    return await asked.services.reports.message(
        report.day_of(asked, word), chat_id=asked.chat_id, language=asked.language, at=asked.at,
        picking=picking,
    )  # fmt: skip
