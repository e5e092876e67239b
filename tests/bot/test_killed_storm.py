"""Killed in the middle of a storm: all is told, all is closed, and what came twice says so."""

from pathlib import Path

import pytest

from tests.bot.storm import LIBRARIES, check, raised

pytestmark = pytest.mark.process


@pytest.mark.skipif(not LIBRARIES, reason="needs Debian's faketime")
async def test_killed_in_a_storm(tmp_path: Path) -> None:
    """A few moments that matter and a dozen incidents; `make test-deep` has fifty and 200."""
    check(await raised(tmp_path, incidents=8, kills=3))
