"""Doing things at the same moment, in threads."""

import threading
from collections.abc import Callable

from django.db import connection


def run_at_once(jobs: list[Callable[[], object]]) -> None:
    """Do all of it at once, each with a database connection of its own."""
    barrier = threading.Barrier(len(jobs))

    def run(job: Callable[[], object]) -> None:
        barrier.wait()
        try:
            job()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
