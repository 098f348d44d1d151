"""Tests of the command line: real processes where that matters, real sockets everywhere."""
