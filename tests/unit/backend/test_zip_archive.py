"""Zip files from outside: what is read, and what is refused with the reason."""

import io
import stat
import struct
import zipfile

import pytest

from apps.core.zip_archive import ArchiveError, ArchiveLimits, open_archive

LIMITS = ArchiveLimits(
    archive_bytes_max=1_000_000, entries_max=20, entry_bytes_max=10_000, total_bytes_max=30_000
)


def packed(files: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression=method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def refusal(content: bytes) -> str:
    with pytest.raises(ArchiveError) as refused:
        open_archive(io.BytesIO(content), LIMITS)
    return refused.value.detail


def test_gives_names_in_order_and_contents() -> None:
    archive = open_archive(io.BytesIO(packed({"b/x.txt": b"one", "a.txt": b""})), LIMITS)

    assert archive.names == ("b/x.txt", "a.txt")
    assert archive.read("b/x.txt") == b"one"
    assert archive.read("a.txt") == b""
    assert archive.size_bytes("b/x.txt") == 3


def test_leaves_out_folders_and_what_only_macos_reads() -> None:
    content = packed({"a/": b"", "a/x": b"1", "__MACOSX/a/._x": b"2"})

    archive = open_archive(io.BytesIO(content), LIMITS)

    assert archive.names == ("a/x",)
    assert archive.common_folder == "a/"


@pytest.mark.parametrize("names", [(), ("x",), ("a/x", "b/x"), ("a/x", "x")])
def test_knows_when_there_is_no_common_folder(names: tuple[str, ...]) -> None:
    archive = open_archive(io.BytesIO(packed(dict.fromkeys(names, b""))), LIMITS)

    assert not archive.common_folder


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "a/../x",
        "a/./x",
        "/etc/passwd",
        "a//x",
        "a\\x",
        "C:/x",
        "a\nx",
        "a/\u202ex",
        "a" * 256,
        "..",
        "/",
    ],
)
def test_refuses_a_path_that_is_not_plain(path: str) -> None:
    assert "no plain path" in refusal(packed({path: b"x"}))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_refuses_links_and_devices(kind: int) -> None:
    entry = zipfile.ZipInfo("x")
    entry.external_attr = (kind | 0o777) << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(entry, "/etc/passwd")

    assert "link or a device" in refusal(buffer.getvalue())


def test_refuses_a_path_that_is_there_twice() -> None:
    content = packed({"x": b"1", "y": b"2"}).replace(b"y", b"x")

    assert "twice" in refusal(content)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_refuses_methods_without_a_cap_on_memory(method: int) -> None:
    assert "deflate" in refusal(packed({"x": b"1"}, method=method))


def test_refuses_an_encrypted_file() -> None:
    content = bytearray(packed({"x": b"1"}))
    flags_at = content.rindex(b"PK\x01\x02") + 8
    content[flags_at] |= 1

    assert "password" in refusal(bytes(content))


def test_refuses_a_bomb_before_unpacking_it() -> None:
    assert "at most 10000 bytes" in refusal(packed({"x": b"\0" * 10_001}))
    four = {str(number): b"\0" * 9_000 for number in range(4)}
    assert "unpacks to 36000 bytes" in refusal(packed(four))


def test_unpacks_no_more_than_the_directory_states() -> None:
    content = packed({"x": b"\0" * 9_000})
    understated = content.replace(struct.pack("<L", 9_000), struct.pack("<L", 90))
    archive = open_archive(io.BytesIO(understated), LIMITS)

    with pytest.raises(ArchiveError, match="broken"):
        archive.read("x")


def test_refuses_a_file_shorter_than_the_directory_states() -> None:
    content = packed({"x": b"\0" * 90}, method=zipfile.ZIP_STORED)
    overstated = content[:60] + content[60:].replace(
        struct.pack("<LL", 90, 90), struct.pack("<LL", 90, 9_000)
    )
    archive = open_archive(io.BytesIO(overstated), LIMITS)

    with pytest.raises(ArchiveError, match="Pack the archive again"):
        archive.read("x")


def test_refuses_too_many_files() -> None:
    assert "more than 20 files" in refusal(packed({str(number): b"" for number in range(21)}))


def test_does_not_take_in_a_directory_with_far_too_many_files() -> None:
    content = packed({f"folder/{number}": b"" for number in range(9_000)})
    assert len(content) < LIMITS.archive_bytes_max

    assert "more than 20 files" in refusal(content)


def test_refuses_a_packed_size_over_the_limit() -> None:
    assert "make it at most 1000000 bytes" in refusal(b"\0" * 1_000_001)


def test_refuses_a_broken_checksum() -> None:
    content = packed({"x": b"secret"}, method=zipfile.ZIP_STORED)
    archive = open_archive(io.BytesIO(content.replace(b"secret", b"sacred")), LIMITS)

    with pytest.raises(ArchiveError, match="Pack the archive again"):
        archive.read("x")


def test_refuses_a_file_over_the_readers_own_cap() -> None:
    archive = open_archive(io.BytesIO(packed({"x": b"12345"})), LIMITS)

    with pytest.raises(ArchiveError, match="x has 5 bytes; make it at most 4 bytes"):
        archive.read("x", bytes_max=4)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06" + b"\xff" * 18])
def test_refuses_what_is_no_zip(content: bytes) -> None:
    assert "no zip file" in refusal(content)


def test_answers_every_cut_or_changed_byte_with_content_or_a_refusal() -> None:
    whole = packed({"a/x": b"one" * 50, "b": b"two"})
    damaged = [whole[:length] for length in range(len(whole))]
    damaged += [
        whole[:at] + bytes([value]) + whole[at + 1 :]
        for at in range(len(whole))
        for value in (0, 0xFF)
    ]
    for content in damaged:
        try:
            archive = open_archive(io.BytesIO(content), LIMITS)
            for name in archive.names:
                assert archive.read(name) in {b"one" * 50, b"two", b""}
        except ArchiveError:
            continue
