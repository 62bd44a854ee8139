"""Tables of accounts and participants: what stands in each row, and what is wrong with it alone."""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from apps.core.errors import InvalidFieldsError
from apps.users.models import User

COLUMNS = (
    "username",
    "email",
    "name",
    "team",
    "organization",
    "group",
    "extra_time_min",
    "password",
)
TABLE_BYTES_MAX = 1024 * 1024
ROWS_MAX = 5000
CELL_CHARS_MAX = 200
EXTRA_TIME_MAX_MIN = 7 * 24 * 60


class TableError(InvalidFieldsError):
    """The file is no table that can be read."""

    def __init__(self, text: str) -> None:
        super().__init__({"table": [text]})


@dataclass(slots=True, kw_only=True)
class PlannedRow:
    """One line of the table, what is wrong with it, and what would come of it."""

    line: int
    values: Mapping[str, str]
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_new_account: bool = True
    is_in_already: bool = False

    @property
    def username(self) -> str:
        """The name of the account."""
        return self.values["username"]

    @property
    def extra_time_s(self) -> int:
        """What is added to their end."""
        return 60 * int(self.values["extra_time_min"] or 0)


def read_table(table: bytes) -> list[PlannedRow]:
    """Read the lines of a table, each with the faults that it has whoever is known here.

    Raises:
        TableError: It is no table with our columns, or too large.
    """
    rows = _lines_of(table)
    for row in rows:
        row.faults += _faults_of(row.values)
    _compare_rows(rows)
    return rows


def _lines_of(table: bytes) -> list[PlannedRow]:
    if len(table) > TABLE_BYTES_MAX:
        raise TableError(f"The file may have {TABLE_BYTES_MAX} bytes.")
    try:
        text = table.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TableError("Save the file as UTF-8.") from None
    if "\x00" in text:
        raise TableError("The file is no text.")
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise TableError(f"The file is no CSV: {error}.") from None
    header = [name.strip().lower() for name in lines[0]] if lines else []
    if "username" not in header:
        raise TableError(
            f"The first line names the columns: {', '.join(COLUMNS)}; username is needed."
        )
    unknown = sorted(set(header) - set(COLUMNS))
    if unknown or len(set(header)) != len(header):
        problem = f"unknown: {', '.join(unknown)}" if unknown else "one is there twice"
        raise TableError(f"The columns are {', '.join(COLUMNS)}; {problem}.")
    filled = [(number, cells) for number, cells in enumerate(lines[1:], start=2) if any(cells)]
    if not 0 < len(filled) <= ROWS_MAX:
        raise TableError(f"The file has {len(filled)} rows; 1 to {ROWS_MAX} are taken.")
    return [_row(number, header, cells) for number, cells in filled]


def _row(number: int, header: Sequence[str], cells: Sequence[str]) -> PlannedRow:
    values = dict.fromkeys(COLUMNS, "") | dict(
        zip(header, (cell.strip() for cell in cells), strict=False)
    )
    row = PlannedRow(line=number, values=values)
    if len(cells) != len(header):
        row.faults.append(f"has {len(cells)} cells in place of {len(header)}")
    return row


def _faults_of(values: Mapping[str, str]) -> list[str]:
    """Say what is wrong with one row by itself."""
    faults = [
        f"{name}: at most {CELL_CHARS_MAX} characters"
        for name, value in values.items()
        if len(value) > CELL_CHARS_MAX
    ]
    if not values["username"]:
        return [*faults, "username: is missing"]
    user = User(username=values["username"], email=values["email"])
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError as error:
        for name, messages in error.message_dict.items():
            faults.append(f"{name}: {' '.join(messages)}")
    minutes = values["extra_time_min"]
    if minutes and not (
        minutes.isascii() and minutes.isdecimal() and int(minutes) <= EXTRA_TIME_MAX_MIN
    ):
        faults.append(f"extra_time_min: a whole number from 0 to {EXTRA_TIME_MAX_MIN}")
    if values["password"]:
        try:
            validate_password(values["password"], user)
        except ValidationError as error:
            faults.append(f"password: {' '.join(error.messages)}")
    return faults


def _compare_rows(rows: Sequence[PlannedRow]) -> None:
    """Note what is there twice, and teams whose rows contradict each other."""
    for name in ("username", "email"):
        counts = Counter(row.values[name].lower() for row in rows)
        for row in rows:
            if row.values[name] and counts[row.values[name].lower()] > 1:
                row.faults.append(f"{name}: is in the file more than once")
    first_of_team: dict[str, PlannedRow] = {}
    for row in rows:
        team = row.values["team"]
        first = first_of_team.setdefault(team, row) if team else row
        for name in ("organization", "group", "extra_time_min"):
            if row.values[name] and row.values[name] != first.values[name]:
                row.faults.append(f"{name}: differs from line {first.line} of the same team")
