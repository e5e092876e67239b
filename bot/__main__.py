"""`python -m bot …`: the only way in."""

import sys

if __name__ == "__main__":
    # Here, not above: the chart worker imports its parent's main module and needs none of it.
    from bot.cli import main

    sys.exit(main())
