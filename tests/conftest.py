from pathlib import Path

import pytest
from hypothesis import settings

# Time is measured in tests/bench, never asserted here: a busy machine is no defect.
settings.register_profile("vigie", deadline=None)
settings.load_profile("vigie")

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The team's real tracker files and torture suites, where they are at hand."""
    if not SHARED.is_dir():
        pytest.skip("the shared test data is not beside this checkout")
    return SHARED
