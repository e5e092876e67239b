"""Outbox to people: the only place that sends unasked."""
