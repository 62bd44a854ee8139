import re
from pathlib import Path

import pytest

from app.domain.language import OptionGroup
from app.errors import UnsupportedLanguageError
from app.languages import load_languages
from app.languages.manifest import InvalidManifestError, parse_manifest
from app.languages.registry import LanguageRegistry

GOOD = """
id = "toy"
name = "Toy"
aliases = ["plaything"]
third_party_name = "toy-1"
source_file = "main.toy"
compile_command = ["/usr/bin/toy", "--check", "main.toy"]
run_command = ["/usr/bin/toy", "/box/main.toy"]
version_command = ["/usr/bin/toy", "--version"]
host_files = ["/usr/bin/toy"]
debian_packages = ["toy"]
extra_memory_mib = 2
extra_processes = 1
reference_source = "print 42"
"""


def test_a_manifest_becomes_a_language() -> None:
    language = parse_manifest("toy.toml", GOOD + '\n[environment]\nTOY = "1"')

    assert (language.id, language.aliases) == ("toy", ("plaything",))
    assert language.extra_memory_bytes == 2 * 1024 * 1024
    assert language.environment == (("TOY", "1"),)
    assert language.memory_refusals == ()
    assert (language.time_multiplier, language.memory_multiplier) == (1, 1)
    assert language.option_groups == ()


def test_a_manifest_can_have_multipliers_and_compile_options() -> None:
    text = GOOD.replace('"--check"', '"{options}"').replace(
        "extra_p", "time_multiplier = 2.5\nextra_p"
    )

    language = parse_manifest("toy.toml", text + '[compile_options]\nspeed = ["", "-fast"]')

    assert language.time_multiplier == 2.5
    assert language.option_groups == (OptionGroup(name="speed", options=("", "-fast")),)


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ("speed = 3", "toy.toml: compile_options.speed must be a list of at least two options"),
        (
            'speed = ["-a"]',
            "toy.toml: compile_options.speed must be a list of at least two options",
        ),
        (
            'speed = ["-a", ""]',
            "toy.toml: compile_options.speed must be a list of options; the fir",
        ),
        (
            'speed = ["-a", "b c"]',
            "toy.toml: compile_options.speed must be a list of options; the ",
        ),
        (
            'speed = ["-a", "-b"]\nx = ["-a", "-c"]',
            "toy.toml: compile_options must be options that",
        ),
        (
            'speed = ["-a", "-b"]',
            "toy.toml: compile_command must have {options} once if there are c",
        ),
    ],
)
def test_wrong_compile_options_are_refused_by_file_and_key(table: str, complaint: str) -> None:
    with pytest.raises(InvalidManifestError, match=f"^{re.escape(complaint)}"):
        parse_manifest("toy.toml", f"{GOOD}[compile_options]\n{table}")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('name = "Toy"', "", "toy.toml: name is missing"),
        ('name = "Toy"', "name = 3", "toy.toml: name must be a text that is not empty"),
        ('["plaything"]', '"plaything"', "toy.toml: aliases must be a list of texts"),
        ('["plaything"]', "[3]", "toy.toml: aliases must be a list of texts"),
        ('"/usr/bin/toy", "--version"', '"toy"', "toy.toml: version_command must be a list of "),
        ("extra_processes = 1", "extra_processes = -1", "toy.toml: extra_processes must be an int"),
        ("extra_processes = 1", "extra_processes = true", "toy.toml: extra_processes must be an "),
        ('"main.toy"\n', '"../main.toy"\n', "toy.toml: source_file must be the name of a file"),
        ('id = "toy"', 'id = "toy"\nspeed = 3', "toy.toml: speed is not a key of a manifest"),
        (
            'id = "toy"',
            'id = "toy"\ntime_multiplier = 0.5',
            "toy.toml: time_multiplier must be a n",
        ),
        (
            '"--check"',
            '"{options}"',
            "toy.toml: compile_command must have {options} once if there a",
        ),
        ('id = "toy"', "id = ", "toy.toml: Invalid value"),
    ],
)
def test_a_wrong_manifest_is_refused_by_file_and_key(old: str, new: str, complaint: str) -> None:
    with pytest.raises(InvalidManifestError, match=f"^{re.escape(complaint)}"):
        parse_manifest("toy.toml", GOOD.replace(old, new, 1))


@pytest.mark.parametrize("name", ["toy", "TOY", "plaything", "PlayThing"])
def test_a_language_is_found_by_id_and_alias_in_any_case(name: str) -> None:
    language = parse_manifest("toy.toml", GOOD)

    assert LanguageRegistry([language]).get(name) is language


def test_an_unknown_language_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedLanguageError, match=r"^Unsupported language: cobol$"):
        LanguageRegistry([]).get("cobol")


def test_a_name_belongs_to_one_language() -> None:
    first = parse_manifest("toy.toml", GOOD)
    second = parse_manifest("toy2.toml", GOOD.replace('id = "toy"', 'id = "toy2"'))

    with pytest.raises(InvalidManifestError, match=r"^plaything is both toy and toy2$"):
        LanguageRegistry([first, second])


def test_manifests_are_read_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "toy.toml").write_text(GOOD)

    assert [language.id for language in load_languages(tmp_path).languages] == ["toy"]


def test_the_names_of_the_eight_languages_and_of_their_third_party_compilers() -> None:
    """Source: contract S000-Q13, S001-V10 to V17."""
    names = {language.id: language.third_party_name for language in load_languages().languages}

    assert names == {
        "python": "python-3.9.7",
        "javascript": "nodejs-16.17.0",
        "java": "java-17.0.2",
        "cpp": "gcc-9.4.0",
        "c": "gcc-9.4.0",
        "csharp": "dotnet-6.0",
        "go": "go-1.18.3",
        "rust": "rust-1.62.0",
    }


@pytest.mark.parametrize(
    ("alias", "language_id"),
    [
        ("py", "python"),
        ("python3", "python"),
        ("js", "javascript"),
        ("node", "javascript"),
        ("c++", "cpp"),
        ("c#", "csharp"),
        ("cs", "csharp"),
        ("golang", "go"),
        ("rs", "rust"),
    ],
)
def test_every_alias_names_its_language(alias: str, language_id: str) -> None:
    assert load_languages().get(alias).id == language_id
