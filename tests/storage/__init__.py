"""Tests of what is kept on disk and what is read from it."""
