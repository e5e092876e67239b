import pytest

from tests.conftest import ROOT
from tests.mutants.table import MUTANTS, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutant_still_fits(mutant: Mutant) -> None:
    """What it changes stands once in the code, and the tests that refuse it exist."""
    text = (ROOT / mutant.path).read_text(encoding="utf-8")
    assert text.count(mutant.before) == 1
    assert mutant.before != mutant.after
    assert all((ROOT / test).exists() for test in mutant.tests)
