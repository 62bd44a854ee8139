# shellcheck shell=bash
# `doctor`, `migrate`, `logs`, `reset`: small commands around a running installation.

command_doctor() {
    ensure_environment runtime
    (cd code-execution-service && "$PYTHON" -m app.doctor "$@")
}

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
