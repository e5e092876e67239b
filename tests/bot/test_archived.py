"""The program copies what is over to history: after each cycle, and once more as it ends."""

from datetime import timedelta
from pathlib import Path

from bot import settings
from bot.app import build
from storage.clock import wall_now
from storage.history import History
from storage.past import Past

TOKEN = "123:" + "x" * 20


async def test_what_is_over_survives_the_state(tmp_path: Path) -> None:
    """An incident is there after a cycle, what happened since after an orderly end."""
    found = settings.load(
        telegram_bot_token=TOKEN, telegram_admin_ids="7", telegram_chat_ids="7",
        state_dir=tmp_path / "var", data_dir=tmp_path / "nowhere",
        backup_dir=tmp_path / "backups",
    )  # fmt: skip
    program = build(found)
    await program.look()
    since, until = wall_now() - timedelta(days=1), wall_now() + timedelta(days=1)
    past = Past(program.services.history)
    assert "data:folder" in {one.key for one in past.incidents(since=since, until=until)}
    assert past.told(since=since, until=until) == []
    alerts, now = program.services.alerts, program.services.clock()
    rows = [row for rows in alerts.ledger.agenda(at=now).due.values() for row in rows]
    alerts.ledger.accepted(alerts.ledger.claim(rows, at=now), message_id=1, own=True, at=now)
    await program.close()
    past = Past(History(found.state_dir / "history.sqlite", read_only=True))
    assert len(past.told(since=since, until=until)) == len(rows) > 0
    past.history.close()
