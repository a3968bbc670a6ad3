"""Numba's implementation of the contract, in `bindings.py`: each other file has a C++ twin of its name in csrc/."""
