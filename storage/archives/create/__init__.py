"""Makes a snapshot: what changed is read, packed, read back and published."""
