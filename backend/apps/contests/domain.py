"""What is true of every contest: how points are counted, and what problems are called."""

from decimal import Decimal

POINT_STEP = Decimal("0.01")
NO_SCORE = Decimal("0.00")
# What an id may be at most: the databases count in 64 bits.
ID_MAX = 2**63 - 1
LETTERS = 26


def problem_label(place: int, own: str = "") -> str:
    """Give a problem's own label, or that of its place from 0: A to Z, then AA, AB, and so on."""
    if own:
        return own
    rest, letter = divmod(place, LETTERS)
    return (problem_label(rest - 1) if rest else "") + chr(ord("A") + letter)


def id_of(text: str) -> int | None:
    """Read an id from a path; `None` if it is none."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(ID_MAX))
    return int(text) if is_number and int(text) <= ID_MAX else None
