"""What other apps are told about accounts: acts that somebody may have to answer for."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Model
from django.dispatch import Signal

# Sent with `act`, `of`, `actor`, `before` and `after`, in the transaction of the act.
sensitive_act = Signal()


def tell_of_act(
    *,
    act: str,
    of: Model,
    actor: Model | None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Tell of an act of `actor` (`None`: of the system) on the account or token `of`."""
    sensitive_act.send(
        sender=type(of), act=act, of=of, actor=actor, before=before or {}, after=after or {}
    )
