"""Backup archives: made, read back, listed, thinned out and restored (docs/backups.md)."""
