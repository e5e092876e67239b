"""Tests of the copies away from this machine, on real servers on the loopback."""
