"""What each button does: everything in its data is looked up again, nothing in it is trusted."""

from handlers import health
from handlers.ack import take
from handlers.alerts import listing
from handlers.call import Call, Effect, blocking
from handlers.mute import around
from handlers.pressed import anew, gone, incident
from handlers.views import lists


async def refresh_health(asked: Call) -> Effect:
    """Run the checks now and replace the overview."""
    cycle = await asked.services.watch.run()
    return Effect(edit=await health.overview(asked, cycle))


async def new_health(asked: Call) -> Effect:
    """Put the overview below."""
    return Effect(reply=await health.overview(asked, await health.latest(asked)))


async def family(asked: Call) -> Effect:
    """Put one family of checks below."""
    return Effect(reply=health.family(asked, await health.latest(asked), asked.args[0]))


async def alerts(asked: Call) -> Effect:
    """Show the list of open incidents as it is now."""
    return Effect(toast="toast.fresh", edit=listing(asked))


async def new_alerts(asked: Call) -> Effect:
    """Put the list of open incidents below."""
    return Effect(toast="toast.below", reply=listing(asked))


async def details(asked: Call) -> Effect:
    """Put everything known of an incident below."""
    found = incident(asked)
    if found is None:
        return gone(asked)
    told = lists.details(found, around(asked, found), at=asked.at, language=asked.language)
    return Effect(toast="toast.below", reply=told)


async def ack(asked: Call) -> Effect:
    """Take an incident."""
    found = incident(asked)
    if found is None:
        return gone(asked)
    key = await take(asked, found.number, by=asked.who)
    return Effect(toast=key, edit=anew(asked))


async def release(asked: Call) -> Effect:
    """Give an incident back."""
    found = incident(asked)
    if found is None:
        return gone(asked)
    if found.closed is not None:
        return Effect(toast="ack.closed", edit=anew(asked))
    given = await blocking(asked.services.alerts.release, found.number, by=asked.who, at=asked.at)
    return Effect(toast="toast.released" if given else "toast.nobody", edit=anew(asked))


async def reopen(asked: Call) -> Effect:
    """Open an incident again that is not fixed; who says so takes it."""
    found = incident(asked)
    if found is None:
        return gone(asked)
    alerts = asked.services.alerts
    if await blocking(alerts.reopen, found.number, by=asked.who, at=asked.at):
        return Effect(toast="toast.reopened", edit=anew(asked))
    beside = [each.number for each in alerts.open() if each.key == found.key]
    if found.number in beside:
        return Effect(toast="toast.open_already", edit=anew(asked))
    if beside:
        return Effect(toast="toast.open_as", values={"number": beside[0]}, edit=anew(asked))
    return Effect(toast="toast.closed_long_ago", edit=anew(asked))
