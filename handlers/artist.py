"""What draws pictures, as those see it who want one."""

from typing import Protocol

from handlers.views.plots import Spec


class Artist(Protocol):
    """What draws (`handlers.charting.Charts`)."""

    async def draw(self, spec: Spec) -> bytes | None:
        """Return the picture as PNG, or nothing where it cannot be had."""
        ...

    async def close(self) -> None:
        """Give back what drawing holds."""
        ...
