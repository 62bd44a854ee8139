from dataclasses import replace

from app.engines.sandbox.walls import LaneDescriptors, Walls, lane_command

DESCRIPTORS = LaneDescriptors(
    control=10, keeper=11, passwd=12, group=13, cpu_usage=14, attach=(15, 16)
)
WALLS = Walls(
    bwrap="/usr/bin/bwrap",
    setpriv="/usr/bin/setpriv",
    links=(("usr/bin", "/bin"),),
    read_only_paths=("/usr",),
    hidden_paths=("/usr/local",),
    has_proc=True,
)


def command(walls: Walls) -> list[str]:
    return lane_command(
        walls, DESCRIPTORS, user_id=62_001, box_bytes=1_000, is_memory_watched=False
    )


def test_root_is_dropped_before_bubblewrap_starts() -> None:
    words = command(WALLS)

    assert words[0] == "/usr/bin/setpriv"
    assert words[1:5] == ["--reuid", "62001", "--regid", "62001"]
    assert words.index("--") + 1 == words.index("/usr/bin/bwrap")


def test_an_ordinary_user_just_starts_bubblewrap() -> None:
    assert command(replace(WALLS, setpriv=None))[0] == "/usr/bin/bwrap"


def test_every_namespace_is_new() -> None:
    words = set(command(WALLS))

    assert words >= {f"--unshare-{kind}" for kind in ("user", "pid", "net", "ipc", "uts")}


def test_a_masked_proc_is_an_empty_folder() -> None:
    assert "--proc" not in command(replace(WALLS, has_proc=False))


def test_the_keeper_gets_its_socket_the_size_of_a_box_and_the_cgroup() -> None:
    assert command(WALLS)[-8:] == ["--", "/keeper", "10", "1000", "0", "14", "15", "16"]


def test_without_a_cgroup_there_is_nothing_to_attach_to() -> None:
    descriptors = replace(DESCRIPTORS, cpu_usage=None, attach=())

    words = lane_command(
        WALLS, descriptors, user_id=62_001, box_bytes=1_000, is_memory_watched=True
    )

    assert words[-5:] == ["/keeper", "10", "1000", "1", "-1"]
    assert "/dev/zero" not in words
    assert descriptors.all == (10, 11, 12, 13)


def test_nothing_of_the_host_is_writable() -> None:
    words = command(WALLS)

    assert "--bind" not in words
    assert words[words.index("--remount-ro", words.index("/keeper")) + 1] == "/"
