"""Tell so many stories of so many steps: `python -m tests.mutants.stories EXAMPLES STEPS`."""

import logging
import sys

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.bot.test_delivery_invariants import Alerting


def main() -> None:
    """Raise what a broken invariant raises."""
    examples, steps = map(int, sys.argv[1:])
    logging.disable(logging.CRITICAL)
    run_state_machine_as_test(
        Alerting,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )


if __name__ == "__main__":
    main()
