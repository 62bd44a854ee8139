"""Pages of lists so long that counting them would take longer than showing one."""

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from typing_extensions import override

COUNTED_MAX = 10_000


class BoundedPaginator(Paginator[Any]):
    """Counts to `COUNTED_MAX`, and lets one turn that many rows' pages; filters reach the rest."""

    @cached_property
    @override
    def count(self) -> int:
        """Give how many rows there are, as far as they are counted."""
        rows: Any = self.object_list
        # Each row is a constant, and without an order the database stops at the bound.
        return len(rows.order_by().values_list("pk", flat=True)[:COUNTED_MAX])
