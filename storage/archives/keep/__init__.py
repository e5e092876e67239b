"""Which snapshots stay, and why; what is deleted, in which order."""
