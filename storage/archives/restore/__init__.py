"""Brings files back: staged, compared, put in place, and resumed where that was cut short."""
