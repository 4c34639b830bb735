"""What an encoder is worth: on people, clothes, words and phrasings that training never saw."""
