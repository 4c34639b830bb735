"""Builds the default animal, `impromptu_dog.npz`: one dog of Apache-2.0 data, reshaped along readable axes.

Run as a module; nothing of Impromptu imports it at run time.
"""
