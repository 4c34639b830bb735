"""Builds the default library: recordings that ship in a public package, what is computed from them, and key-posed actions."""
