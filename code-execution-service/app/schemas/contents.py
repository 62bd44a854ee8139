"""Texts, bytes and hashes on the wire."""

import base64
from typing import Annotated

from pydantic import Base64Encoder, BaseModel, ConfigDict, EncodedBytes, Field, StringConstraints
from typing_extensions import override

from app.domain.files import MAX_FILE_BYTES

# PostgreSQL's text can't hold NUL, and no program text or test needs it.
NO_NUL = r"^[^\x00]*$"
SHA256 = r"^[0-9a-f]{64}$"
Text = Annotated[str, StringConstraints(pattern=NO_NUL)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_NUL)]
Sha256 = Annotated[str, StringConstraints(pattern=SHA256)]


class _StrictBase64(Base64Encoder):
    @classmethod
    @override
    def decode(cls, data: bytes) -> bytes:
        return base64.b64decode(data, validate=True)


class Base64File(BaseModel):
    """The content of a file that is no text."""

    base64: Annotated[bytes, EncodedBytes(encoder=_StrictBase64)] = Field(
        max_length=MAX_FILE_BYTES * 3 // 2
    )


class HashedFile(BaseModel):
    """The content of a file that is kept as test data."""

    model_config = ConfigDict(extra="forbid")

    sha256: Sha256


def content_of(file: str | Base64File) -> bytes:
    """Return the bytes of a file that came along."""
    return file.encode() if isinstance(file, str) else file.base64
