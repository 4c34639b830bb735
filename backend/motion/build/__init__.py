"""Builds the default library: recordings from a public package, what is computed from them, and key-posed actions."""
