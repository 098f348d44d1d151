"""Tests of ``pt004_model/proof``."""
