"""Looks for bodies: colours and relief that follow a prompt."""
