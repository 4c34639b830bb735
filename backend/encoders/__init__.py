"""Text and vision-language encoders behind one interface."""
