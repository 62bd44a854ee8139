from dataclasses import replace

from app.engines.sandbox.walls import BoxDescriptors, Walls, box_command

DESCRIPTORS = BoxDescriptors(control=10, keeper=11, passwd=12, group=13)
WALLS = Walls(
    bwrap="/usr/bin/bwrap",
    setpriv="/usr/bin/setpriv",
    links=(("usr/bin", "/bin"),),
    read_only_paths=("/usr",),
    hidden_paths=("/usr/local",),
    has_proc=True,
    has_nested_user_namespaces=False,
)


def command(walls: Walls) -> list[str]:
    return box_command(walls, DESCRIPTORS, user_id=62_001, box_bytes=1_000)


def test_root_is_dropped_before_bubblewrap_starts() -> None:
    words = command(WALLS)

    assert words[0] == "/usr/bin/setpriv"
    assert words[1:5] == ["--reuid", "62001", "--regid", "62001"]
    assert words.index("--") + 1 == words.index("/usr/bin/bwrap")


def test_an_ordinary_user_just_starts_bubblewrap() -> None:
    assert command(replace(WALLS, setpriv=None))[0] == "/usr/bin/bwrap"


def test_every_namespace_is_new_and_none_can_be_nested() -> None:
    words = set(command(WALLS))

    assert words >= {f"--unshare-{kind}" for kind in ("user", "pid", "net", "ipc", "uts")}
    assert "--disable-userns" in words


def test_a_bubblewrap_that_cannot_forbid_nesting_is_not_asked_to() -> None:
    assert "--disable-userns" not in command(replace(WALLS, has_nested_user_namespaces=True))


def test_a_masked_proc_is_an_empty_folder() -> None:
    assert "--proc" not in command(replace(WALLS, has_proc=False))


def test_the_keeper_gets_its_socket_and_the_size_of_the_box() -> None:
    assert command(WALLS)[-4:] == ["--", "/keeper", "10", "1000"]


def test_nothing_of_the_host_is_writable() -> None:
    words = command(WALLS)

    assert "--bind" not in words
    assert words[words.index("--remount-ro", words.index("/keeper")) + 1] == "/"
