import re
from collections.abc import Sequence

import pytest

from app.engines.sandbox.commands import compile_command
from app.errors import InvalidRequestError
from app.languages import load_languages

CPP = load_languages().get("cpp")


@pytest.mark.parametrize(
    ("chosen", "options"),
    [
        ([], ("-std=gnu++20", "-O2")),
        (["-O0"], ("-std=gnu++20", "-O0")),
        (["-O3", "-std=c++17"], ("-std=c++17", "-O3")),
    ],
)
def test_each_group_gives_the_chosen_option_or_its_first(
    chosen: Sequence[str], options: tuple[str, ...]
) -> None:
    assert CPP.options_with(chosen) == options


def test_a_group_may_start_with_no_option() -> None:
    java = load_languages().get("java")

    assert java.options_with([]) == ()
    assert java.options_with(["--release=11"]) == ("--release=11",)


@pytest.mark.parametrize(
    ("language", "chosen", "complaint"),
    [
        (
            "cpp",
            ["-fplugin=x.so"],
            "C++ takes no compile option '-fplugin=x.so'; it takes -O0, -O2",
        ),
        ("java", [""], "Java takes no compile option ''; it takes --release=11, --release=17, "),
        ("python", ["-O2"], "Python takes no compile option '-O2'; it takes none"),
        ("c", ["-O3", "-O0"], "Choose one of -O0 and -O3: both are optimisation"),
    ],
)
def test_an_option_outside_of_the_allow_list_is_refused(
    language: str, chosen: Sequence[str], complaint: str
) -> None:
    with pytest.raises(InvalidRequestError, match=f"^{re.escape(complaint)}"):
        load_languages().get(language).options_with(chosen)


def test_options_take_the_place_of_their_mark_in_the_compile_command() -> None:
    arguments = compile_command(CPP, ["-std=c++11"]).arguments

    assert arguments[:3] == ("/usr/bin/g++", "-std=c++11", "-O2")
    assert "{options}" not in arguments


def test_no_mark_is_left_in_a_language_without_options() -> None:
    for language in load_languages().languages:
        assert "{options}" not in compile_command(language).arguments
