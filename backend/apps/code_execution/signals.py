"""What other apps are told about submissions."""

from django.dispatch import Signal

# Sent with `judgements`, whose submissions are read, in the transaction that put them in force.
judged = Signal()
