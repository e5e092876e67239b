"""`make test-deep`: the stateful suite on a large budget, then every mutant must be killed."""

import logging
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.bot.test_delivery_invariants import Alerting
from tests.conftest import ROOT
from tests.mutants.table import MUTANTS, Mutant

EXAMPLES, STEPS = 300, 60
COPIED = ("bot", "handlers", "jobs", "storage", "tests", "pyproject.toml")


def main() -> int:
    """Return 0 when every invariant holds and no mutant survives."""
    began_s = time.monotonic()
    if "--mutants" not in sys.argv:
        _stateful()
        _say(f"{EXAMPLES} stories of {STEPS} steps: every invariant holds", began_s)
    survivors = [mutant.name for mutant in MUTANTS if not _killed(mutant)]
    _say(f"{len(MUTANTS) - len(survivors)} of {len(MUTANTS)} mutants killed", began_s)
    return 1 if survivors else 0


def _stateful() -> None:
    logging.disable(logging.CRITICAL)
    run_state_machine_as_test(
        Alerting,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def _killed(mutant: Mutant) -> bool:
    """Return whether its tests fail on a copy of the tree with that one mistake in it."""
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, copy / name)
        path = copy / mutant.path
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(mutant.before, mutant.after), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-qx", "-p", "no:cacheprovider", *mutant.tests]
        done = subprocess.run(command, cwd=copy, capture_output=True, check=False)
    killed = done.returncode == 1
    _say(f"{'killed' if killed else 'SURVIVED'}  {mutant.guards:9} {mutant.name}", began_s)
    return killed


def _say(line: str, began_s: float) -> None:
    sys.stdout.write(f"{line} ({time.monotonic() - began_s:.0f} s)\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
