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
    ensure_client_packages
    if (($#)) && [[ "$*" != *container* ]]; then
        exec "$PYTHON" -m pytest "$@"
    fi
    trap stop_docker EXIT
    ensure_container_tests
    if (($#)); then
        "$PYTHON" -m pytest "$@"
        return
    fi
    # The backend's database is chosen when Django starts, so its tests on PostgreSQL are a run of
    # their own. What no clock of a sandbox disturbs shares the cores; the rest has them to itself.
    local side_by_side=(-q --numprocesses auto --dist loadfile)
    say "The backend's integration tests on PostgreSQL"
    "$PYTHON" -m tests.support.with_postgresql \
        "$PYTHON" -m pytest "${side_by_side[@]}" tests/integration/backend
    say "Rules, and both services with their databases, on the embedded defaults"
    "$PYTHON" -m pytest "${side_by_side[@]}" tests/unit tests/integration
    say "The contracts, the sandbox, the containers and whole installations"
    "$PYTHON" -m pytest tests/contract tests/sandbox tests/container tests/e2e
}

# Without a Docker engine the container tests are listed as not run; in CI that is a failure.
ensure_container_tests() {
    ensure_docker
    [[ -n $CONTAINER_TESTS_LACK ]] || ensure_container_images
    [[ -n $CONTAINER_TESTS_LACK ]] || return 0
    [[ ${CI:-} != true ]] || fail "the container tests can't run: $CONTAINER_TESTS_LACK"
    say "The container tests will not run: $CONTAINER_TESTS_LACK"
}
