"""Find out which cgroups this host gives us."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from app.engines.sandbox.cgroups.advice import NOT_MOUNTED, explain
from app.engines.sandbox.cgroups.base import Cgroups
from app.engines.sandbox.cgroups.none import NoCgroups
from app.engines.sandbox.cgroups.v1 import V1Cgroups
from app.engines.sandbox.cgroups.v2 import V2Cgroups

_V2_CONTROLLERS = {"memory", "pids"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hierarchy:
    """A mounted hierarchy that we are in; `own` is the cgroup we are in, below `root`."""

    root: Path
    own: Path
    controllers: frozenset[str]
    """Of v1, whose hierarchies have them by name; empty for v2."""


def find_cgroups(proc: Path = Path("/proc/self")) -> Cgroups:
    """Take the best that this host gives; what it lacks is said in `support`, never raised."""
    hierarchies = list(read_hierarchies(proc))
    v1 = {name: found.own for found in hierarchies for name in found.controllers}
    v2 = [found for found in hierarchies if not found.controllers]
    complaint = f"No cgroup hierarchy with controllers is mounted. {NOT_MOUNTED}"
    for found in v2:
        if "memory" in v1 or not _has_controllers(found.root):
            continue
        try:
            return V2Cgroups.open(root=found.root, own=found.own)
        except OSError as error:
            complaint = explain(error)
    cgroups = V1Cgroups(v1)
    if cgroups.support.controllers:
        return cgroups
    cgroups.close()
    if v1:
        complaint = cgroups.support.advice or complaint
    return NoCgroups(complaint)


def read_hierarchies(proc: Path) -> Iterator[Hierarchy]:
    """Read the mounts and our place in each from /proc, as proc(5) and cgroups(7) describe them."""
    places = dict(_places((proc / "cgroup").read_text()))
    for root, point, kind, options in _mounts((proc / "mountinfo").read_text()):
        controllers = frozenset(places).intersection(options) if kind == "cgroup" else frozenset()
        place = places.get("" if kind == "cgroup2" else next(iter(controllers), "none"))
        if place is not None and place.is_relative_to(root):
            yield Hierarchy(
                root=point, own=point / place.relative_to(root), controllers=controllers
            )


def _places(text: str) -> Iterator[tuple[str, PurePosixPath]]:
    """Our cgroup by controller, under the empty name that of v2."""
    for line in text.splitlines():
        _, controllers, place = line.split(":", 2)
        for name in controllers.split(","):
            yield name, PurePosixPath(place)


def _mounts(text: str) -> Iterator[tuple[PurePosixPath, Path, str, list[str]]]:
    """Mounted cgroup hierarchies: root, mount point, type, options of the hierarchy."""
    for line in text.splitlines():
        mount, _, filesystem = line.partition(" - ")
        kind, _, options = filesystem.split(" ", 2)
        if kind in {"cgroup", "cgroup2"}:
            root, point = mount.split(" ")[3:5]
            yield PurePosixPath(root), Path(point), kind, options.split(",")


def _has_controllers(root: Path) -> bool:
    try:
        text = (root / "cgroup.controllers").read_text()
    except OSError:
        return False
    return not _V2_CONTROLLERS.isdisjoint(text.split())
