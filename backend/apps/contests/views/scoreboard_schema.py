"""The scoreboard's shape for the OpenAPI document; the board is written as JSON elsewhere."""

from rest_framework import serializers

from apps.contests.timing import Phase

PHASES = [(str(phase), str(phase)) for phase in Phase]
PENALTY_UNITS = ["minutes", "seconds"]


class BoardCellSerializer(serializers.Serializer[None]):
    """What a participant has reached at one problem; untried problems have no cell."""

    problem = serializers.IntegerField()
    score = serializers.FloatField()
    is_solved = serializers.BooleanField()
    judged = serializers.IntegerField(help_text="Judged tries, up to the one that solved it.")
    rejected = serializers.IntegerField(help_text="Those that cost a penalty.")
    pending = serializers.IntegerField(help_text="Tries whose verdict is not known, or not shown.")
    solved_after_ms = serializers.IntegerField(allow_null=True)
    improved_after_ms = serializers.IntegerField(allow_null=True)


class BoardRowSerializer(serializers.Serializer[None]):
    """A participant's row."""

    rank = serializers.IntegerField(allow_null=True, help_text="None out of competition.")
    participant = serializers.IntegerField()
    name = serializers.CharField()
    username = serializers.CharField()
    organization = serializers.CharField(allow_null=True)
    country = serializers.CharField(allow_null=True)
    is_official = serializers.BooleanField()
    score = serializers.FloatField()
    penalty = serializers.IntegerField()
    last_improved_at = serializers.DateTimeField(allow_null=True)
    cells = BoardCellSerializer(many=True)


class BoardProblemSerializer(serializers.Serializer[None]):
    """A problem's column."""

    problem = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF's own attribute of the name
    title = serializers.CharField(allow_null=True, help_text="None for who may not see it.")
    color = serializers.CharField(allow_null=True)
    points = serializers.IntegerField()
    attempts = serializers.IntegerField()
    solved = serializers.IntegerField()
    first_solvers = serializers.ListField(child=serializers.IntegerField())


class BoardSerializer(serializers.Serializer[None]):
    """A scoreboard; rows are in their order."""

    contest = serializers.IntegerField()
    title = serializers.CharField()
    phase = serializers.ChoiceField(choices=PHASES)
    is_frozen = serializers.BooleanField()
    start_time = serializers.DateTimeField(allow_null=True)
    end_time = serializers.DateTimeField(allow_null=True)
    freeze_time = serializers.DateTimeField(allow_null=True)
    format = serializers.CharField()
    penalty_unit = serializers.ChoiceField(choices=PENALTY_UNITS, allow_null=True)
    problems = BoardProblemSerializer(many=True)
    rows = BoardRowSerializer(many=True)
