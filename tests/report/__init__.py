"""Tests of ``pt004_model/report``."""
