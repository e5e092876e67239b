"""What a chat put away of the opportunities, with a way back for each."""

from collections.abc import Sequence

from handlers.views.blocks import Builder
from handlers.views.callback import pack
from handlers.views.i18n import Language
from handlers.views.message import Button, Message
from handlers.views.text import clean, clip, hostile
from storage.picks import Pick

PAGE = 6


def render(picks: Sequence[Pick], *, offset: int, language: Language) -> Message:
    """Return a page of what was put away, the latest first, and a button to list each again."""
    offset = min(offset, max(0, len(picks) - 1) // PAGE * PAGE)
    shown = list(enumerate(picks[offset : offset + PAGE], offset + 1))
    if not shown:
        return Message(html=language.say("away.none"), buttons=(_top(language),))
    builder = Builder().add(language.say("away.title", n=len(picks))).gap()
    for rank, pick in shown:
        builder.add(
            language.say(
                f"away.{pick.verdict.value}",
                rank=rank,
                title=hostile(pick.title, 60) or language.say("top.untitled"),
                by=pick.by,
                since_at=pick.at,
            )
        )
    builder.gap().add(language.say("away.back"))
    backs = tuple((_back(rank, pick, offset, language),) for rank, pick in shown)
    return Message(
        html=builder.build(), buttons=(*backs, *_turns(len(picks), offset), _top(language))
    )


def _back(rank: int, pick: Pick, offset: int, language: Language) -> Button:
    title = clip(clean(pick.title), 24) or language.plain("top.untitled")
    label = language.plain("button.back_one", rank=rank, title=title)
    return Button(label=label, data=pack("back", pick.key, offset))


def _turns(total: int, offset: int) -> tuple[tuple[Button, ...], ...]:
    turns = []
    if offset:
        turns.append(Button(label="◀", data=pack("away", max(0, offset - PAGE))))
    if offset + PAGE < total:
        turns.append(Button(label="▶", data=pack("away", offset + PAGE)))
    return (tuple(turns),) if turns else ()


def _top(language: Language) -> tuple[Button, ...]:
    return (Button(label=language.plain("button.top"), data=pack("newtop")),)
