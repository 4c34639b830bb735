"""Training of the built-in encoder from its own captioned pictures."""
