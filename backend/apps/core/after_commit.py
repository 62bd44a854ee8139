"""What follows a commit, and can't undo it."""

from collections.abc import Callable
from typing import ParamSpec

from django.db import transaction

Asked = ParamSpec("Asked")


def after_commit(act: Callable[Asked, None], *args: Asked.args, **kwargs: Asked.kwargs) -> None:
    """Have something done once the transaction is committed; if it fails, that is only logged.

    What is stored must not look like a failure to who asked for it.
    """

    # Django logs such a failure under the function's name, which a `partial` does not have.
    def act_now() -> None:
        act(*args, **kwargs)

    act_now.__qualname__ = act.__qualname__
    transaction.on_commit(act_now, robust=True)
