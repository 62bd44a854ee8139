"""Checkers compare a program's output with the expected one."""


def is_same_output(actual: bytes, expected: bytes) -> bool:
    """Compare exactly, but for white space at the very end of either text.

    Source: contract S000-V01.
    """
    return actual.rstrip() == expected.rstrip()
