"""Tests of ``pt004_model/search``."""
