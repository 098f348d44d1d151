"""The page: what a campaign came to, as one HTML file that needs nothing but a browser."""

from pt004_model.evidence.page.documents import BadFolder
from pt004_model.evidence.page.rendering import render, write_page

__all__ = ["BadFolder", "render", "write_page"]
