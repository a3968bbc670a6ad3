"""Fixtures for all tests."""

from backends import backend, both, kernels
from randomness import own_random_numbers

__all__ = ["backend", "both", "kernels", "own_random_numbers"]
