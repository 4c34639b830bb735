"""Published classifiers of photographs, used as encoders: a text means the classes that it names."""
