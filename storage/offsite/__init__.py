"""Copies of the backups away from this machine."""
