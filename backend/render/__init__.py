"""Differentiable rendering of triangle meshes, on any device."""
