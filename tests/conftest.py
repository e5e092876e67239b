import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# Time is measured in tests/bench, never asserted here: a busy machine is no defect.
# A submission is judged by the same examples each time; everybody else's run looks for new ones.
settings.register_profile("vigie", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("vigie")

# Hundreds of processes are started: each would compile Telegram's library and all of ours anew.
if "-B" not in sys.orig_argv:  # the mutants' runs: files change there within a second
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The team's real tracker files and torture suites, where they are at hand."""
    if not SHARED.is_dir():
        pytest.skip("the shared test data is not beside this checkout")
    return SHARED
