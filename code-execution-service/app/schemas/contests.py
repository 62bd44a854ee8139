"""Contests on the wire (contract S001-D30)."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from app.schemas.contents import NO_NUL
from app.schemas.submissions import Instant

Title = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]
Description = Annotated[str, StringConstraints(max_length=100_000, pattern=NO_NUL)]


class ContestIn(BaseModel):
    """A new contest."""

    title: Title
    description: Description = ""
    is_active: bool = True


class ContestChange(BaseModel):
    """What to change of a contest; what is absent stays."""

    title: Title | None = None
    description: Description | None = None
    is_active: bool | None = None


class ContestOut(BaseModel):
    """A contest."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str
    description: str
    is_active: bool
    created_at: Instant
