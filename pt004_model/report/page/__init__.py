"""The page: what a campaign came to, as one HTML file that needs nothing but a browser."""

from pt004_model.report.page.rendering import render, write_page

__all__ = ["render", "write_page"]
