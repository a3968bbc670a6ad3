"""Fixtures for all tests."""

from backends import backend, both, kernels

__all__ = ["backend", "both", "kernels"]
