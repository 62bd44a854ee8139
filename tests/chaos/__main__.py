"""The long form: `python -m tests.chaos [--submissions N] [--seed N]`."""

import argparse
import secrets
import sys
import time

from tests.chaos.havoc import Hit
from tests.chaos.run import Weather, weather

PER_S = 8.0
# So many that boards follow in a rush as those of large contests do.
PARTICIPANTS = 120


def announce(hit: Hit) -> None:
    """Tell what is taken away now."""
    sys.stdout.write(
        f"{time.strftime('%H:%M:%S')} {hit.part} is {hit.way} for {hit.away_s:.1f} s\n"
    )
    sys.stdout.flush()


def main() -> None:
    """Play in bad weather, and print what happened."""
    parser = argparse.ArgumentParser(prog="./manage-code-execution.sh chaos", description=__doc__)
    parser.add_argument("--submissions", type=int, default=2000)
    parser.add_argument("--participants", type=int, default=PARTICIPANTS)
    parser.add_argument("--replicas", type=int, choices=(1, 2), default=2)
    parser.add_argument("--per-second", type=float, default=PER_S, help="how many are handed in")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    options = parser.parse_args()
    sys.stdout.write(f"seed {options.seed}\n")
    sys.stdout.flush()
    report = weather(
        Weather(
            seed=options.seed,
            submissions=options.submissions,
            participants=options.participants,
            replicas=options.replicas,
            seconds=options.submissions / options.per_second,
        ),
        announce,
    )
    for line in report.lines():
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
