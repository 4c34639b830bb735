"""Takes: the library's actions performed again, each time a little differently, as data to learn motions from."""

from .make import make_takes

__all__ = ["make_takes"]
