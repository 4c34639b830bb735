"""Morphable body models behind one interface."""
