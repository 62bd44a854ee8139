"""Accounts and participants from a table: a report on every row first, then all or nothing."""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from django.db import IntegrityError, transaction
from django.db.models.functions import Lower

from apps.audit import services as audit
from apps.contests.models import Contest, ContestGroup, ContestParticipant, Organization
from apps.contests.services.contests import check_not_final, lock_contest
from apps.contests.services.participant_table import PlannedRow, TableError, read_table
from apps.contests.services.participation import MAIN_KINDS
from apps.contests.signals import rules_changed
from apps.core.errors import InvalidFieldsError, ReportOutdatedError
from apps.users.models import User

# A given password is stretched, which takes a good part of a second; a made one has no need.
GIVEN_PASSWORDS_MAX = 100
MADE_PASSWORD_BYTES = 12
MADE_PASSWORD_ITERATIONS = 10_000
BATCH_ROWS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The report on a table; with a fault, nothing of it is imported."""

    rows: Sequence[PlannedRow]
    faults: Sequence[str]

    @property
    def faulty_rows(self) -> list[PlannedRow]:
        """The rows that have to be mended."""
        return [row for row in self.rows if row.faults]

    @property
    def is_possible(self) -> bool:
        """Whether it can be imported."""
        return not self.faults and not self.faulty_rows and bool(self.new_rows)

    @property
    def new_rows(self) -> list[PlannedRow]:
        """The rows of those who do not take part yet."""
        return [row for row in self.rows if not row.is_in_already]

    @property
    def account_count(self) -> int:
        """How many accounts would be made."""
        return sum(row.is_new_account for row in self.new_rows)

    @property
    def team_names(self) -> list[str]:
        """The teams that would be made."""
        return list(
            dict.fromkeys(row.values["team"] for row in self.new_rows if row.values["team"])
        )

    @property
    def team_count(self) -> int:
        """How many teams would be made."""
        return len(self.team_names)

    @property
    def participant_count(self) -> int:
        """How many participants there would be more."""
        alone = sum(not row.values["team"] for row in self.new_rows)
        return alone + self.team_count

    @property
    def fingerprint(self) -> str:
        """What tells this report from every other one: another table, or other accounts by now."""
        told = [
            (row.line, list(row.values.items()), row.is_new_account, row.is_in_already)
            for row in self.rows
        ]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedAccount:
    """A line of the final report; `password` is there for an account whose password was made."""

    username: str
    participant: str
    is_new: bool
    password: str


def plan_import(*, contest: Contest, table: bytes) -> Plan:
    """Read a table and say of each row what would come of it; nothing is stored."""
    try:
        rows = read_table(table)
    except TableError as error:
        return Plan(rows=[], faults=error.fields["table"])
    _compare_accounts(contest, rows)
    given = sum(bool(row.values["password"]) for row in rows if row.is_new_account)
    faults = []
    if given > GIVEN_PASSWORDS_MAX:
        faults.append(
            f"{given} rows give a password; at most {GIVEN_PASSWORDS_MAX} may. Leave the column"
            " empty, and passwords are made."
        )
    return Plan(rows=rows, faults=faults)


@transaction.atomic
def import_table(
    *, contest: Contest, table: bytes, fingerprint: str, actor: User
) -> list[ImportedAccount]:
    """Make the accounts and participants of a table, all of them; tell the made passwords.

    `fingerprint` is that of the report which somebody has read. The passwords are known here only.

    Raises:
        InvalidFieldsError: A row has a fault, or nothing is left to do.
        ReportOutdatedError: Something else would come of the table than the report said.
        ContestFinalError: The contest has been finalised.
    """
    contest = lock_contest(contest.pk)
    check_not_final(contest)
    plan = plan_import(contest=contest, table=table)
    if not plan.is_possible:
        raise InvalidFieldsError({"table": ["It can't be imported; look at the report."]})
    if plan.fingerprint != fingerprint:
        raise ReportOutdatedError
    passwords = {
        row.username: secrets.token_urlsafe(MADE_PASSWORD_BYTES)
        for row in plan.new_rows
        if row.is_new_account and not row.values["password"]
    }
    try:
        with transaction.atomic():
            users = _accounts(plan.new_rows, passwords)
    except IntegrityError:
        text = "Somebody has just made an account of one of these names or addresses; try again."
        raise InvalidFieldsError({"table": [text]}) from None
    entered = _enter(contest, plan.new_rows, users)
    audit.record(
        actor=actor,
        act="participants.import",
        of=contest,
        contest_id=contest.pk,
        after={
            "participants": plan.participant_count,
            "new_accounts": plan.account_count,
            "usernames": [row.username for row in plan.new_rows],
        },
    )
    rules_changed.send(sender=Contest, contest=contest)
    return [
        ImportedAccount(
            username=users[row.username.lower()].username,
            participant=entered[row.line].display_name,
            is_new=row.is_new_account,
            password=passwords.get(row.username, ""),
        )
        for row in plan.new_rows
    ]


def _compare_accounts(contest: Contest, rows: Sequence[PlannedRow]) -> None:
    """Note which accounts are there, which take part, and which addresses are taken."""
    known = {user.username.lower(): user for user in _known(rows, "username")}
    owners = {user.email.lower(): user for user in _known(rows, "email")}
    main = contest.participants.filter(kind__in=MAIN_KINDS)
    inside = {*main.values_list("user_id", flat=True), *main.values_list("members", flat=True)}
    teams = set(main.filter(is_team=True).values_list("name", flat=True))
    jury = set(contest.roles.values_list("user_id", flat=True))
    for row in rows:
        user = known.get(row.username.lower())
        row.is_new_account = user is None
        row.is_in_already = user is not None and user.pk in inside
        owner = owners.get(row.values["email"].lower()) if row.values["email"] else None
        if owner is not None and (user is None or owner.pk != user.pk):
            row.faults.append("email: belongs to another account")
        if row.is_in_already:
            row.notes.append("takes part already, and stays as is")
        elif user is not None:
            row.notes.append("the account is there; its address and password stay")
        if row.values["team"] in teams and not row.is_in_already:
            row.faults.append("team: there is one of this name in the contest")
        if user is not None and user.pk in jury and not row.is_in_already:
            row.faults.append("username: has a role in this contest, and can't compete in it")
        if user is not None and not user.is_active:
            row.faults.append("username: the account is switched off")


def _known(rows: Sequence[PlannedRow], name: str) -> Iterable[User]:
    values = [row.values[name].lower() for row in rows if row.values[name]]
    for at in range(0, len(values), BATCH_ROWS):
        found = User.objects.alias(lowered=Lower(name))
        yield from found.filter(lowered__in=values[at : at + BATCH_ROWS])


def _accounts(rows: Sequence[PlannedRow], passwords: Mapping[str, str]) -> dict[str, User]:
    """Give the rows' accounts by their names in lower case; make those that are missing."""
    hasher = PBKDF2PasswordHasher()
    made = []
    for row in rows:
        if not row.is_new_account:
            continue
        secret = passwords.get(row.username)
        if secret is None:
            stored = make_password(row.values["password"])
        else:
            # It is too long to be guessed, stretched or not; signing in stretches it.
            stored = hasher.encode(secret, hasher.salt(), MADE_PASSWORD_ITERATIONS)
        made.append(
            User(
                username=User.normalize_username(row.username),
                email=row.values["email"].lower(),
                first_name=row.values["name"][:150],
                password=stored,
            )
        )
    User.objects.bulk_create(made, batch_size=BATCH_ROWS)
    return {user.username.lower(): user for user in _known(rows, "username")}


def _enter(
    contest: Contest, rows: Sequence[PlannedRow], users: Mapping[str, User]
) -> dict[int, ContestParticipant]:
    """Make the participants; give each line's."""
    organizations = _organizations(rows)
    by_line: dict[int, ContestParticipant] = {}
    teams: dict[str, ContestParticipant] = {}
    members: list[tuple[ContestParticipant, User]] = []
    for row in rows:
        user = users[row.username.lower()]
        team = row.values["team"]
        if team in teams:
            members.append((teams[team], user))
            by_line[row.line] = teams[team]
            continue
        participant = ContestParticipant(
            contest=contest,
            user=user,
            name=team or row.values["name"],
            is_team=bool(team),
            organization=organizations.get(row.values["organization"]),
            extra_time_s=row.extra_time_s,
        )
        by_line[row.line] = participant
        if team:
            teams[team] = participant
    made = list({id(each): each for each in by_line.values()}.values())
    ContestParticipant.objects.bulk_create(made, batch_size=BATCH_ROWS)
    through = ContestParticipant.members.through
    through.objects.bulk_create(
        (
            through(contestparticipant_id=participant.pk, user_id=user.pk)
            for participant, user in members
        ),
        batch_size=BATCH_ROWS,
    )
    _join_groups(contest, rows, by_line)
    return by_line


def _organizations(rows: Sequence[PlannedRow]) -> dict[str, Organization]:
    found: dict[str, Organization] = {}
    for name in dict.fromkeys(row.values["organization"] for row in rows):
        if name:
            same = Organization.objects.filter(name=name).order_by("pk").first()
            found[name] = same or Organization.objects.create(name=name)
    return found


def _join_groups(
    contest: Contest, rows: Sequence[PlannedRow], by_line: Mapping[int, ContestParticipant]
) -> None:
    names = dict.fromkeys(row.values["group"] for row in rows if row.values["group"])
    groups = {
        name: ContestGroup.objects.get_or_create(contest=contest, name=name)[0] for name in names
    }
    through = ContestParticipant.groups.through
    pairs = {
        (by_line[row.line].pk, groups[row.values["group"]].pk)
        for row in rows
        if row.values["group"]
    }
    through.objects.bulk_create(
        (
            through(contestparticipant_id=participant, contestgroup_id=group)
            for participant, group in sorted(pairs)
        ),
        batch_size=BATCH_ROWS,
    )
