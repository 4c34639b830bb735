"""The process that makes, repairs and checks the backend's environment; see `__main__`. Standard library only.

Every step leaves on disk what the next needs, and does nothing that is already done: a process that was killed at any
moment is resumed by starting another one with the same plan.
"""
