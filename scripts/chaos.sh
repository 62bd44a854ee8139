# shellcheck shell=bash
# `chaos`: play a contest while the parts of a grown installation are killed and come back.

command_chaos() {
    ensure_environment development
    ensure_toolchains
    ensure_test_servers
    exec "$PYTHON" -m tests.chaos "$@"
}
