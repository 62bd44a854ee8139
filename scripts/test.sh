# shellcheck shell=bash disable=SC2034  # the parts are sourced into one shell and share variables
# `test`: every test, with the servers that they need.

command_test() {
    if [[ ${1:-} == --no-system ]]; then
        MAY_INSTALL=no
        shift
    fi
    ensure_environment development
    ensure_toolchains
    ensure_test_servers
    if (($#)); then
        exec "$PYTHON" -m pytest "$@"
    fi
    # The backend's database is chosen when Django starts, so its tests on PostgreSQL are a run of
    # their own; the whole suite on the embedded default comes last.
    say "The backend's integration tests on PostgreSQL"
    "$PYTHON" -m tests.support.with_postgresql "$PYTHON" -m pytest -q tests/integration/backend
    say "All tests, on the embedded defaults"
    exec "$PYTHON" -m pytest
}
