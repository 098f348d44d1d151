"""Tests of ``pt004_model/trace``."""
