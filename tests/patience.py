"""Waiting for what another program does."""

import time

PATIENCE = 30.0
"""seconds"""


def wait_for(condition, what):
    """The condition's answer, once it is true."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {PATIENCE:g} s")
