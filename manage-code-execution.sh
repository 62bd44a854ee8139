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
  doctor         Tell what this host gives the sandbox and the languages, and what is missing.
  migrate        Bring both databases up to date.
  reset          Delete databases, broker data and logs; keeps settings. Asks first, unless --yes.

Work on it
  setup          Make the environment, install packages and toolchains, write the .env files.
    --no-system    leave the system's packages alone
  test [ARGS]    Set up what the tests need and run them all; ARGS go to pytest instead.
    --no-system    leave the system's packages alone
  check          Lint, types, import contracts, the TypeScript client, shell scripts, Dockerfiles,
                 compose files.
  client         Write the TypeScript client's types anew, from the API's OpenAPI document.
  vendor         Bundle what the pages take from npm (the editor, KaTeX) anew.
  lock           Resolve the locked requirements again.

  help           Show this text.
TEXT
}

main() {
    local command=${1:-help}
    shift || true
    case $command in
        dev | stop | worker | logs | doctor | migrate | reset | setup | test | check | client | vendor | lock)
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
