"""One file per check family: a frozen dataclass of limits with a pure `judge`."""
