#!/usr/bin/env bash
# The one entry point for everything that is done with this repository. Each command lives in
# scripts/<command>.sh; every one is idempotent and sets up what it needs.
set -euo pipefail

ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
cd -- "$ROOT"
for part in scripts/*.sh; do
    # shellcheck source=/dev/null
    source "$part"
done

usage() {
    cat <<'TEXT'
Usage: ./manage-code-execution.sh COMMAND [OPTIONS]

Use it
  dev            Set everything up, start every process, judge a first program. Ctrl-C stops all.
    --reload       restart a process when its code changes
    --no-system    leave the system's packages alone
  stop           Stop a `dev` that runs in another terminal.
  worker         Judge submissions on this machine for a service with CODE_EXECUTION_QUEUE_URL.
    --no-system    leave the system's packages alone
  logs [NAME]    Follow the logs; NAME is backend, worker, execution, judge or broker.
  doctor         Tell what this host gives the sandbox and the languages, what is missing, and what is wrong.
  migrate        Bring both databases up to date.
  reset          Delete databases, broker data and logs; keeps settings. Asks first, unless --yes.

In production (docs/operating.md)
  up             Make settings and secrets that are missing, build, migrate, start, wait until it is up.
    --site URL     the address that people open, such as https://contest.example.org
    --scale judge-worker=N   run N judge workers; other options go to docker compose up
  down           Stop the stack; data stay.
  build          Build its images.
  health         Ask every part how it is, and tell what to do; of a `dev`, where no stack is up.
  shell [NAME [COMMAND]]  Run a command in a container, Django's shell by default.
  backup FILE    Write both databases, keys and settings to one archive.
  restore FILE   Bring such an archive back, into an empty installation only.
    --compose      into the stack of containers, not into this checkout

Work on it
  setup          Make the environment, install packages and toolchains, write the .env files.
    --no-system    leave the system's packages alone
  test [ARGS]    Set up what the tests need and run them all; ARGS go to pytest instead.
    --no-system    leave the system's packages alone
  chaos          Play a contest while every part of a grown installation is killed and cut off.
    --submissions N, --participants N, --seed N
  check          Lint, types, import contracts, the TypeScript client, shell scripts, Dockerfiles,
                 compose files.
  client         Write the TypeScript client's types anew, from the API's OpenAPI document.
  vendor         Bundle what the pages take from npm (the editor, KaTeX) anew.
  lock           Resolve the locked requirements again.
  clean          Delete environments and caches, which can be made again.

  help           Show this text.
TEXT
}

main() {
    local command=${1:-help}
    shift || true
    case $command in
        dev | stop | worker | logs | doctor | migrate | reset | setup | test | chaos | check | client | vendor | lock | \
            up | down | build | health | shell | backup | restore | clean)
            "command_$command" "$@"
            ;;
        help | --help | -h) usage ;;
        *)
            printf 'error: there is no command "%s"\n\n' "$command" >&2
            usage >&2
            exit 2
            ;;
    esac
}

main "$@"
