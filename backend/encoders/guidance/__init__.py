"""How well an encoder guides: a grey body is coloured until the encoder says that it shows the prompt."""
