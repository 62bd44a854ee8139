"""Run a command with `DATABASE_URL` naming a throwaway PostgreSQL server."""

import os
import subprocess
import sys

from tests.support.servers import ServerMissingError, postgresql

if __name__ == "__main__":
    try:
        with postgresql() as url:
            command = subprocess.run(
                sys.argv[1:], check=False, env=os.environ | {"DATABASE_URL": url}
            )
    except ServerMissingError as missing:
        sys.stdout.write(f"not run: {missing}\n")
        sys.exit(0)
    sys.exit(command.returncode)
