"""Sets of pictures for training: planned from a seed, taken by any engine, on one machine or many."""
