"""The Impromptu body encoder: a small text-image model of dressed people. It is not CLIP."""
