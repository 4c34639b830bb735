"""Builds the default head, `impromptu_head.npz`: cut from the default body, with teeth, shape axes and expressions.

Run as a module; nothing of Impromptu imports it at run time.
"""
