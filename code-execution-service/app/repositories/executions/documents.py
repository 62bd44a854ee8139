"""Executions, and what whoever watches them is told, as JSON for Redis."""

from pydantic import TypeAdapter

from app.domain.executions import Execution, ExecutionUpdate, OutputPiece

_EXECUTION = TypeAdapter(Execution)
_PIECE = TypeAdapter(OutputPiece)
_UPDATE: TypeAdapter[ExecutionUpdate] = TypeAdapter(ExecutionUpdate)


def encode(update: ExecutionUpdate) -> bytes:
    """Write an execution, or a piece of its output."""
    return _UPDATE.dump_json(update)


def decode_execution(document: bytes | str) -> Execution:
    """Read an execution.

    Raises:
        ValueError: it is none.
    """
    return _EXECUTION.validate_json(document)


def decode_piece(document: bytes | str) -> OutputPiece:
    """Read a piece of output.

    Raises:
        ValueError: it is none.
    """
    return _PIECE.validate_json(document)


def decode_update(document: bytes | str) -> ExecutionUpdate:
    """Read either.

    Raises:
        ValueError: it is none.
    """
    return _UPDATE.validate_json(document)
