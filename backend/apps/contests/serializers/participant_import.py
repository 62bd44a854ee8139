"""The JSON forms of importing participants from a table."""

from typing import Any

from rest_framework import serializers

from apps.contests.services.participant_import import ImportedAccount, Plan
from apps.contests.services.participant_table import (
    COLUMNS,
    ROWS_MAX,
    TABLE_BYTES_MAX,
    PlannedRow,
)

FINGERPRINT_CHARS = 64


class ParticipantTableSerializer(serializers.Serializer[Any]):
    """A table of accounts and participants."""

    table = serializers.CharField(
        max_length=TABLE_BYTES_MAX,
        trim_whitespace=False,
        help_text=(
            f"CSV; its first line names the columns: {', '.join(COLUMNS)}. Only `username` is "
            f"needed. At most {ROWS_MAX} rows. Rows of one team make one participant, for which "
            "the first row's account stands."
        ),
    )


class ConfirmedTableSerializer(ParticipantTableSerializer):
    """A table whose report somebody has read."""

    fingerprint = serializers.CharField(
        max_length=FINGERPRINT_CHARS, help_text="That of the report."
    )


class PlannedRowSerializer(serializers.Serializer[PlannedRow]):
    """A line of the table, what is wrong with it, and what would come of it."""

    line = serializers.IntegerField()
    username = serializers.CharField()
    is_new_account = serializers.BooleanField()
    is_in_already = serializers.BooleanField(help_text="Takes part, and stays as is.")
    faults = serializers.ListField(child=serializers.CharField())
    notes = serializers.ListField(child=serializers.CharField())


class ParticipantReportSerializer(serializers.Serializer[Plan]):
    """What would come of a table; with any fault, nothing of it is imported."""

    is_possible = serializers.BooleanField()
    fingerprint = serializers.CharField(help_text="Send it along to import the table.")
    participant_count = serializers.IntegerField(help_text="How many would come in.")
    team_count = serializers.IntegerField(help_text="How many of them are teams.")
    account_count = serializers.IntegerField(help_text="How many accounts would be made.")
    faults = serializers.ListField(
        child=serializers.CharField(), help_text="What is wrong with the table at large."
    )
    rows = PlannedRowSerializer(many=True)


class ImportedAccountSerializer(serializers.Serializer[ImportedAccount]):
    """A line of what was done."""

    username = serializers.CharField()
    participant = serializers.CharField()
    is_new = serializers.BooleanField(help_text="Whether the account was made.")
    password = serializers.CharField(
        help_text="Of an account whose password was made; told here and never again."
    )


class ImportedParticipantsSerializer(serializers.Serializer[Any]):
    """What was done, line by line."""

    accounts = ImportedAccountSerializer(many=True)
