"""What one does to a contest from its control page, and what each act affects."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime

from apps.code_execution import finalizing
from apps.contests.models import Contest, ContestParticipant
from apps.contests.models.communication import CLARIFICATION_CHARS_MAX
from apps.contests.services import acts, clarifications
from apps.contests.timing import Phase
from apps.users.models import User

MINUTES_MAX = acts.EXTENSION_MAX // timedelta(minutes=1)
Effects = Callable[[Contest, datetime], list[str]]


class ExtensionForm(forms.Form):
    """By how much."""

    minutes = forms.IntegerField(min_value=1, max_value=MINUTES_MAX)


class CloneForm(forms.Form):
    """What the copy is called, and when it starts."""

    title = forms.CharField(max_length=acts.TITLE_CHARS_MAX)
    start_time = forms.SplitDateTimeField(
        required=False,
        widget=AdminSplitDateTime,
        help_text="In UTC; all other times move along. Empty: the same times.",
    )


class AnnouncementForm(forms.Form):
    """What all participants are told."""

    text = forms.CharField(
        max_length=CLARIFICATION_CHARS_MAX, widget=forms.Textarea(attrs={"rows": 6, "cols": 80})
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that one does to a contest, after a page that says what it affects."""

    name: str
    title: str
    effects: Effects
    run: Callable[[Contest, dict[str, Any], datetime, User], Contest]
    phases: frozenset[Phase] = frozenset(set(Phase) - {Phase.FINALIZED})
    form: type[forms.Form] | None = None
    is_for_judges: bool = False
    done: str = "Done."


def _participants(contest: Contest) -> int:
    return contest.participants.filter(state=ContestParticipant.State.REGISTERED).count()


def _publish(contest: Contest, is_published: bool, actor: User) -> Contest:  # noqa: FBT001
    return acts.publish(contest=contest, is_published=is_published, actor=actor)


def _announce(contest: Contest, said: dict[str, Any], now: datetime, actor: User) -> Contest:
    clarifications.announce(contest=contest, author=actor, text=said["text"], problem_id=None)
    return contest


def _when(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _effects_of_ending(contest: Contest, now: datetime) -> list[str]:
    effects = [
        (
            f"{_participants(contest)} participants submit no more; the end was to be at"
            f" {_when(contest.end_time)}."
        ),
        "What has been submitted is judged, and counts.",
    ]
    extra = acts.most_extra_time(contest)
    if extra:
        effects.append(f"Who has extra time goes on, the last until {_when(now + extra)}.")
    if contest.freeze_time is None:
        return [*effects, "The board is not frozen."]
    if contest.freeze_time <= now:
        return [*effects, "What the freeze hides stays hidden until somebody unfreezes."]
    dropped = f"The freeze of {_when(contest.freeze_time)} is dropped: all verdicts stay shown."
    return [*effects, dropped]


OVER = frozenset({Phase.ENDED, Phase.UNFROZEN})
ACTS: Sequence[Act] = (
    Act(
        name="publish",
        title="Publish",
        effects=lambda contest, now: [
            "Everybody who may enter sees the contest in lists.",
            (
                f"{contest.contest_problems.count()} problems are set; they stay hidden until the"
                " start."
            ),
        ],
        run=lambda contest, said, now, actor: _publish(contest, True, actor),  # noqa: FBT003
        done="The contest is published.",
    ),
    Act(
        name="unpublish",
        title="Hide",
        effects=lambda contest, now: [
            "Only the jury sees the contest.",
            f"{_participants(contest)} participants lose sight of it.",
        ],
        run=lambda contest, said, now, actor: _publish(contest, False, actor),  # noqa: FBT003
        done="The contest is hidden.",
    ),
    Act(
        name="extend",
        title="Extend",
        form=ExtensionForm,
        phases=acts.RUNNING | {Phase.BEFORE},
        effects=lambda contest, now: [
            (
                f"The end moves for all {_participants(contest)} participants; it is at"
                f" {_when(contest.end_time)}."
            ),
            "The freeze moves along, unless it has come: what is hidden stays so.",
        ],
        run=lambda contest, said, now, actor: acts.extend(
            contest=contest, by=timedelta(minutes=said["minutes"]), now=now, actor=actor
        ),
        done="The contest ends later.",
    ),
    Act(
        name="end",
        title="End now",
        phases=acts.RUNNING,
        effects=_effects_of_ending,
        run=lambda contest, said, now, actor: acts.end(contest=contest, now=now, actor=actor),
        done="The contest has ended.",
    ),
    Act(
        name="freeze",
        title="Freeze now",
        phases=frozenset({Phase.RUNNING}),
        effects=lambda contest, now: [
            (
                "Verdicts on what is submitted from now on are hidden from all but its participant"
                " and the jury."
            ),
            f"{_participants(contest)} participants see a frozen board.",
        ],
        run=lambda contest, said, now, actor: acts.freeze(contest=contest, now=now, actor=actor),
        done="The board is frozen.",
    ),
    Act(
        name="unfreeze",
        title="Unfreeze",
        phases=OVER,
        effects=lambda contest, now: [
            f"Everybody sees the true board of {_participants(contest)} participants.",
        ],
        run=lambda contest, said, now, actor: acts.unfreeze(contest=contest, now=now, actor=actor),
        done="The board is open.",
    ),
    Act(
        name="finalize",
        title="Finalise",
        phases=OVER,
        effects=lambda contest, now: [
            f"The results of {_participants(contest)} participants become final and public.",
            (
                "Afterwards nothing about the contest changes: no rejudging, no disqualification,"
                " no other times. This can't be undone."
            ),
        ],
        run=lambda contest, said, now, actor: finalizing.finalize(
            contest=contest, now=now, actor=actor
        ),
        done="The results are final.",
    ),
    Act(
        name="clone",
        title="Clone",
        phases=frozenset(Phase),
        form=CloneForm,
        effects=lambda contest, now: [
            (
                f"A new contest gets the rules, {contest.contest_problems.count()} problems,"
                f" {contest.roles.count()} roles and {contest.groups.count()} groups of this one."
            ),
            "Nobody takes part in it, and it is not published.",
        ],
        run=lambda contest, said, now, actor: acts.clone(contest=contest, actor=actor, **said),
        done="This is the copy.",
    ),
    Act(
        name="announce",
        title="Announce",
        phases=frozenset(Phase),
        form=AnnouncementForm,
        is_for_judges=True,
        effects=lambda contest, now: [f"All {_participants(contest)} participants can read it."],
        run=_announce,
        done="The announcement is out.",
    ),
)
BY_NAME = {act.name: act for act in ACTS}
