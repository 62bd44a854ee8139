# shellcheck shell=bash
# `worker`: one judge worker in the foreground, on this machine or on another one.

command_worker() {
    parse_system_option "$@"
    set_up runtime
    cd code-execution-service || exit
    exec "$PYTHON" -m app.worker
}
