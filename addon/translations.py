"""Korean and Chinese of every word that the panels show."""

from __future__ import annotations
