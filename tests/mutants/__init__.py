"""Wrong machines the suite must refuse, and the command that shows that it does."""
