"""Tests of the page: of its parts as they are, and of all of it in a browser."""
