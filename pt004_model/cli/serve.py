"""``pt004 serve``: the embedded Federation Core by itself, which brings its command along."""

from pt004_model.embedded.server import serve

__all__ = ["serve"]
