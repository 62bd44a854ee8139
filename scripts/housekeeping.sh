# shellcheck shell=bash
# `doctor`, `migrate`, `logs`, `reset`: small commands around a running installation.

# Of the stack where one is up. Its exit code says whether programs can be judged, whatever the alarms say.
command_doctor() {
    local status=0
    if is_production_up; then
        compose exec --no-TTY code-execution-service python -m app.doctor "$@" || status=$?
    else
        ensure_environment runtime
        (cd code-execution-service && "$PYTHON" -m app.doctor "$@") || status=$?
    fi
    # A machine that only judges has no backend, and who wants JSON wants nothing else.
    (($#)) || ! has_backend || tell_alarms || true
    return "$status"
}

has_backend() { is_production_up || [[ -f backend/.env ]]; }

command_migrate() {
    ensure_environment runtime
    ensure_settings
    check_settings
    step "Migrating both databases" migrate_databases
}

command_logs() {
    local name=${1:-} files=()
    if is_production_up; then
        compose logs --tail 50 --follow "$@"
        return
    fi
    if [[ -n $name ]]; then
        [[ -f $RUN_DIRECTORY/$name.log ]] ||
            fail "there is no log of \"$name\"; names are: backend worker execution judge broker"
        files=("$RUN_DIRECTORY/$name.log")
    else
        shopt -s nullglob
        files=("$RUN_DIRECTORY"/{backend,worker,execution,judge,broker}.log)
        ((${#files[@]})) || fail "there are no logs yet; start with ./manage-code-execution.sh dev"
    fi
    exec tail -n 50 -F "${files[@]}"
}

command_reset() {
    local answer=""
    if [[ ${1:-} != --yes ]]; then
        printf 'This deletes all databases, submissions and logs of this checkout. Go on? [y/N] '
        read -r answer || true
        [[ $answer == [yY]* ]] || fail "nothing was deleted"
    fi
    command_stop
    rm -rf backend/data backend/logs code-execution-service/data code-execution-service/logs \
        "$RUN_DIRECTORY"
    say "Deleted. The settings files are still there."
}
