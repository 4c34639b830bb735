"""How good a motion model is, by motions that it has not seen: beside chance and plain baselines, always."""
