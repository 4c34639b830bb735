"""Operators: read properties, submit a job or change the scene, report in one sentence."""
