from dataclasses import replace

from app.languages import load_languages
from app.system_packages import missing_packages

PYTHON = load_languages().get("python")


def test_a_complete_toolchain_needs_no_package() -> None:
    assert "no-such-package" not in missing_packages([
        replace(PYTHON, host_files=("/proc/self/exe",), debian_packages=("no-such-package",))
    ])


def test_a_missing_file_names_the_packages_of_its_language_once() -> None:
    language = replace(
        PYTHON, host_files=("/no/such/tool",), debian_packages=("no-such-package", "other-package")
    )

    packages = missing_packages([language, language])

    assert packages[-2:] == ["no-such-package", "other-package"]
    assert packages.count("no-such-package") == 1


def test_a_package_that_is_installed_is_not_named() -> None:
    language = replace(PYTHON, host_files=("/no/such/tool",), debian_packages=("dpkg", "no-such"))

    assert "dpkg" not in missing_packages([language])
