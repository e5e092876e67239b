"""What the buttons of pictures do."""

from handlers import chart
from handlers.call import Call, Effect
from handlers.pressed import incident
from handlers.views import callback, welcome
from handlers.views.reading import PERIODS
from handlers.views.series import metric, of_alert


async def of_incident(asked: Call) -> Effect:
    """Put the picture of an incident below."""
    found = incident(asked)
    series = None if found is None else of_alert(found.key)
    if found is None or series is None:
        return _stale(asked)
    return Effect(reply=await chart.incident(asked, found, series))


async def plot(asked: Call) -> Effect:
    """Draw a series over another period, in place."""
    period, word = asked.args
    series = callback.named(word, await chart.known(asked))
    if period not in PERIODS or series is None or metric(series) is None:
        return _stale(asked)
    return Effect(edit=await chart.show(asked, series, period))


async def plots(asked: Call) -> Effect:
    """Put what there is to draw below."""
    return Effect(toast="toast.below", reply=await chart.choices(asked))


def _stale(asked: Call) -> Effect:
    return Effect(reply=welcome.note("button.stale", language=asked.language))
