"""Tests of ``pt004_model/reproduce``."""
