"""Routes that answer with and without the trailing slash (contract S-COM-04)."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from typing_extensions import override


class EitherSlashRouter(APIRouter):
    """A router whose paths answer in both spellings; only the declared one is documented.

    No redirect: it would turn POST into GET in some clients.
    """

    @override
    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().add_api_route(path, endpoint, **options)
        other = path.removesuffix("/") if path.endswith("/") else f"{path}/"
        if other or self.prefix:
            super().add_api_route(other, endpoint, **options | {"include_in_schema": False})
