"""Tests of what goes over the wire, with literal bytes and real sockets."""
