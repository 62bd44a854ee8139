"""What somebody should know before an archive is taken over."""

from dataclasses import dataclass

from apps.archives.boards import Difference, differences
from apps.archives.contest_archive.reading import Reading
from apps.archives.losses import losses


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What was read, what will not be kept of it, and where our board is not the official one.

    `differences` is `None` where there is nothing to compare with.
    """

    reading: Reading
    losses: tuple[str, ...] = ()
    differences: tuple[Difference, ...] | None = None


def preview_of(reading: Reading) -> Preview:
    """Look at what was read before it is taken over."""
    archive = reading.archive
    if archive is None:
        return Preview(reading=reading)
    official = archive.scoreboard
    return Preview(
        reading=reading,
        losses=tuple(losses(archive)),
        differences=None if official is None else tuple(differences(archive, official)),
    )
