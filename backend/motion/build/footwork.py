"""Placeholder."""

ACTIONS = ()
