"""Back an installation up to one archive, and bring it back.

`backup.py backup|restore FILE [--compose]`: with `--compose` it is the stack of
docker-compose.prod.yml, else the processes of this checkout, on SQLite or PostgreSQL. An archive
holds both databases, the keys that sign tokens, secrets and settings, and a manifest. Whoever has
it can be the platform: only its owner may read it.
"""

import hashlib
import json
import os
import re
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.installations import BackupError, Checkout, ComposeStack, Installation

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
MANIFEST_BYTES_MAX: Final = 1024 * 1024
KEYS: Final = "keys.tar"
NAME: Final = re.compile(r"((settings|secrets)/)?[A-Za-z0-9_][A-Za-z0-9_.-]*")
# The backend hands over again what the execution service does not know, but not the other way
# round: so the execution service's database must not be the newer one, and is copied first.
DATABASES: Final = ("code_execution", "backend")


def back_up(installation: Installation, archive: Path) -> None:
    """Write the archive.

    Raises:
        BackupError: it is there already, or something can't be read.
    """
    if archive.exists():
        raise BackupError(f"{archive} is there already; name another file")
    if not archive.resolve().parent.is_dir():
        raise BackupError(f"the folder of {archive} does not exist")
    with tempfile.TemporaryDirectory(dir=archive.resolve().parent, prefix=".backup-") as name:
        folder = Path(name)
        files = {each: path for each, path in installation.files().items() if path.is_file()}
        installation.dump({each: folder / each for each in DATABASES})
        installation.dump_keys(folder / KEYS)
        files |= {each: folder / each for each in (*DATABASES, KEYS)}
        manifest = {
            "format": FORMAT,
            "made_at": datetime.now(tz=UTC).isoformat(timespec="seconds"),
            "databases": installation.kind,
            "files": {each: _describe(path) for each, path in files.items()},
        }
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=2), encoding="utf-8")
        complete = folder / "complete"
        complete.touch(mode=0o600)
        with tarfile.open(complete, "w:gz", compresslevel=1) as tar:
            for each, path in {MANIFEST: folder / MANIFEST, **files}.items():
                tar.add(path, arcname=each, recursive=False)
        complete.rename(archive)


def restore(installation: Installation, archive: Path) -> None:
    """Bring back what the archive holds, into an installation that has nothing yet.

    Raises:
        BackupError: the archive is damaged or does not fit, or the installation is not empty.
    """
    with tempfile.TemporaryDirectory(prefix="restore-") as name:
        folder = Path(name)
        found = _unpack(archive, folder)
        manifest = json.loads((folder / MANIFEST).read_bytes())
        # They say where the databases are.
        for each in sorted(found - {MANIFEST, KEYS, *DATABASES}):
            _place(folder / each, installation.place_of(each))
        if manifest["databases"] != installation.kind:
            raise BackupError(
                f"{archive} holds {manifest['databases']} databases, and this installation has"
                f" {installation.kind}; set DATABASE_URL of both services to what it holds"
            )
        installation.refuse_unless_empty()
        installation.prepare()
        installation.load({each: folder / each for each in DATABASES})
        installation.load_keys(folder / KEYS)


def _unpack(archive: Path, folder: Path) -> set[str]:
    """Unpack an archive whose every byte is the manifest's; give the names of its files."""
    try:
        with tarfile.open(archive, "r:gz") as tar:
            members = {member.name: member for member in tar.getmembers()}
            if MANIFEST not in members or members[MANIFEST].size > MANIFEST_BYTES_MAX:
                raise BackupError(f"{archive} is no backup: it has no manifest")
            for member in members.values():
                _unpack_one(tar, member, folder)
    except (OSError, EOFError, tarfile.TarError) as error:
        raise BackupError(f"{archive} can't be read: {error}") from error
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    if manifest.get("format") != FORMAT:
        raise BackupError(f"{archive} was made by another release; restore it with that one")
    names = members.keys() - {MANIFEST}
    if names != manifest["files"].keys() or not {*DATABASES, KEYS} <= names:
        raise BackupError(f"{archive} does not hold the files that its manifest names")
    for each, wanted in manifest["files"].items():
        if _describe(folder / each) != wanted:
            raise BackupError(f"{archive} is damaged: {each} is not what was backed up")
    return set(members)


def _unpack_one(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    content = tar.extractfile(member) if NAME.fullmatch(member.name) and member.isreg() else None
    if content is None:
        raise BackupError(f"{tar.name!r} is no backup: it holds {member.name}")
    target = folder / member.name
    target.parent.mkdir(exist_ok=True)
    target.touch(mode=0o600)
    with content, target.open("wb") as output:
        shutil.copyfileobj(content, output)
    target.chmod(member.mode & 0o777)


def _describe(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {
            "bytes": path.stat().st_size,
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
        }


def _place(source: Path, target: Path) -> None:
    """Put a file where it belongs, unless the same is there.

    Raises:
        BackupError: something else is there.
    """
    content = source.read_bytes()
    if target.exists():
        if target.read_bytes() != content:
            raise BackupError(f"{target} is there with another content; move it away")
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = source.stat().st_mode & 0o777
    file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "wb") as output:
        output.write(content)
    target.chmod(mode)


def main(action: str, archive: str, *options: str, environment: Mapping[str, str]) -> None:
    """Do it, or end the program with one sentence."""
    is_compose = options == ("--compose",)
    installation = ComposeStack(environment) if is_compose else Checkout(environment)
    try:
        {"backup": back_up, "restore": restore}[action](installation, Path(archive))
    except BackupError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:], environment=os.environ)
