"""Puts opportunities away for a chat, done or not wanted, and takes them back."""

import re

from handlers import top5
from handlers.call import Call, Effect, blocking
from storage.picks import Pick, Verdict
from storage.records import Opportunity

KEY = re.compile(r"[0-9a-f]{16}")


async def put_away(asked: Call, key: str, verdict: Verdict) -> Opportunity | None:
    """Put one away and return it; nothing where no such thing is known."""
    if not KEY.fullmatch(key):
        return None
    found = (await blocking(asked.services.opportunities.keyed, [key])).get(key)
    if found is not None:
        pick = Pick(key=key, verdict=verdict, title=found.title, by=asked.who, at=asked.at.wall)
        await blocking(asked.services.picks.put, top5.homes(asked), pick)
    return found


def said(found: Opportunity, verdict: Verdict) -> Effect:
    """Return the toast that names what was put away."""
    return Effect(toast=f"toast.{verdict.value}", values={"title": found.title or found.source})


async def take_back(asked: Call, key: str) -> Effect:
    """List one again; return the toast that names it."""
    found = await blocking(asked.services.picks.take_back, top5.homes(asked), key)
    if found is None:
        return Effect(toast="toast.back_already")
    return Effect(toast="toast.back", values={"title": found.title})
