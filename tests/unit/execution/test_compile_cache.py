import gc
import os
from pathlib import Path

from app.domain.runs import NO_USAGE, CompileResult
from app.engines.sandbox.box import Archive
from app.engines.sandbox.compile_cache import MAX_ENTRIES, Build, CompileCache, key_of


def build_of(size_bytes: int) -> Build:
    descriptor = os.memfd_create("archive")
    os.ftruncate(descriptor, size_bytes)
    compiled = CompileResult(is_ok=True, message="", usage=NO_USAGE)
    return Build(compiled, Archive(descriptor))


def failed_build(message: str) -> Build:
    return Build(CompileResult(is_ok=False, message=message, usage=NO_USAGE), None)


def test_a_build_is_found_by_its_key() -> None:
    cache = CompileCache(1_000)
    build = build_of(100)

    cache.put(b"key", build)

    assert cache.get(b"key") is build
    assert cache.get(b"other") is None


def test_what_was_not_used_for_longest_makes_room() -> None:
    cache = CompileCache(300)
    for key in (b"1", b"2", b"3"):
        cache.put(key, build_of(100))
    cache.get(b"1")

    cache.put(b"4", build_of(100))

    assert [key for key in (b"1", b"2", b"3", b"4") if cache.get(key)] == [b"1", b"3", b"4"]


def test_a_build_larger_than_the_cache_is_not_kept() -> None:
    cache = CompileCache(300)
    cache.put(b"small", build_of(100))

    cache.put(b"large", build_of(301))

    assert cache.get(b"large") is None
    assert cache.get(b"small") is not None


def test_messages_count_as_well() -> None:
    cache = CompileCache(300)

    cache.put(b"1", failed_build("x" * 200))
    cache.put(b"2", failed_build("x" * 200))

    assert cache.get(b"1") is None


def test_there_are_never_more_open_files_than_entries_allowed() -> None:
    cache = CompileCache(1_000_000)
    gc.collect()  # what other tests have left is not closed meanwhile
    before = len(list(Path("/proc/self/fd").iterdir()))

    for number in range(MAX_ENTRIES + 50):
        cache.put(str(number).encode(), build_of(10))

    assert len(list(Path("/proc/self/fd").iterdir())) == before + MAX_ENTRIES


def test_a_build_that_is_dropped_while_it_is_used_stays_open() -> None:
    cache = CompileCache(100)
    build = build_of(100)
    cache.put(b"1", build)

    cache.put(b"2", build_of(100))

    assert build.archive is not None
    assert os.fstat(build.archive.descriptor).st_size == 100


def test_keys_tell_where_one_part_ends() -> None:
    assert key_of(b"ab", b"c") != key_of(b"a", b"bc")
    assert key_of(b"ab", b"c") == key_of(b"ab", b"c")
