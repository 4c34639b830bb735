"""From a photo of a person to a shape (Semantify, section 4.2): found, cropped, measured, fitted."""
