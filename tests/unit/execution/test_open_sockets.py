import pytest

from app.errors import TooManySocketsError
from app.services.open_sockets import OpenSockets


def test_so_many_may_be_open_for_each_and_altogether() -> None:
    sockets = OpenSockets(at_most=3, at_most_each=2)

    with sockets.counted("alice"), sockets.counted("alice"):
        with pytest.raises(TooManySocketsError), sockets.counted("alice"):
            pytest.fail("a third one of alice")
        with sockets.counted("charlie"), pytest.raises(TooManySocketsError), sockets.counted("bob"):
            pytest.fail("a fourth one")


def test_who_closes_one_may_open_another() -> None:
    sockets = OpenSockets(at_most=1, at_most_each=1)

    for _ in range(3):
        with sockets.counted("alice"):
            pass
