"""What other apps are told about contests."""

from django.dispatch import Signal

# Sent with `contest`, in the transaction that changed what its boards follow from: its times, its
# format, its problems, or who takes part.
rules_changed = Signal()
# Sent with `contest_id` by who needs the contest's boards and ranks exact, or has found that they
# lag behind.
boards_needed = Signal()
