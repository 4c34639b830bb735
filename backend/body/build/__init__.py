"""Builds the default body, `impromptu_body.npz`, from MakeHuman's CC0 data.

Run once by a developer, never by the product: `python -m impromptu.backend.body.build --data SOURCE -o FILE`.
"""
