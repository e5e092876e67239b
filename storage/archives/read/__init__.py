"""Reads archives, none of which is trusted: every header, size and hash is compared."""
