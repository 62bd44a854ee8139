"""What a person can do where the host refuses us its cgroups."""

import errno

_DELEGATE = "Give the service a cgroup of its own: Delegate=yes in its systemd unit, or root"
_REMEDIES = {
    errno.EROFS: "In a container, make it writable (Docker: --security-opt writable-cgroups=true)",
    errno.EACCES: _DELEGATE,
    errno.EPERM: _DELEGATE,
    errno.EBUSY: _DELEGATE,
}
NOT_MOUNTED = "Mount one: mount -t cgroup2 cgroup2 /sys/fs/cgroup"
NO_CONTROLLER = (
    "Boot the kernel with cgroup_enable=memory, or enable the controller in the cgroups above"
)


def explain(error: OSError) -> str:
    """Say what was refused where, and how to get it."""
    said = f"{error.filename}: {error.strerror}"
    remedy = _REMEDIES.get(error.errno or 0)
    return said if remedy is None else f"{said}. {remedy}"
