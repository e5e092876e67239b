import multiprocessing
import random
import sys
import time
from pathlib import Path

import pytest

from storage.database import Database
from storage.incidents import AlertState
from tests.storage.writer import ROWS, write_for_ever

KILLS = 30


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL and a fork server")
def test_the_state_survives_being_killed_at_any_moment(tmp_path: Path) -> None:
    """Thirty kill -9 in the middle of commits: it opens, is whole, and holds what was told."""
    path = tmp_path / "state.json"
    database = Database(path)
    with database.transaction():
        for key in map(str, range(ROWS)):
            database.table("alerts", AlertState).put(key, AlertState(key=key))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.storage.writer"])
    luck = random.Random(20260102)  # noqa: S311
    for _ in range(KILLS):
        receiver, sender = context.Pipe(duplex=False)
        child = context.Process(target=write_for_ever, args=(path, sender), daemon=True)
        child.start()
        sender.close()
        told = receiver.recv()
        for _ in range(luck.randrange(4)):
            told = receiver.recv()
        time.sleep(luck.random() * 0.004)
        child.kill()
        child.join()
        while receiver.poll():
            try:
                told = receiver.recv()
            except EOFError:
                break
        child.close()
        receiver.close()
        check(path, told)


def check(path: Path, told: int) -> None:
    """Assert that the file is whole and not older than what was acknowledged."""
    database = Database(path)
    table = database.table("alerts", AlertState)
    assert not database.damaged
    assert len(table.all()) == ROWS + 2
    first, last = table.get("first"), table.get("last")
    assert first is not None
    assert last is not None
    assert first.fails == last.fails
    assert told <= first.fails <= told + 1
