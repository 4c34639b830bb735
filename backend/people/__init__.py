"""A population of people to take pictures of: bodies, hair, garments, and words for what is seen."""
