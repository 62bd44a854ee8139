# shellcheck shell=bash disable=SC2034  # the parts are sourced into one shell and share variables
# `dev` and `stop`: all processes of one installation on one machine.

PROCESSES=()  # names, in the order in which they were started
declare -A PID # name -> process id, which is also the id of its process group
BACKEND=$ROOT/backend
EXECUTION=$ROOT/code-execution-service
CREDENTIALS=$BACKEND/data/demo-credentials.env
STOP_TIMEOUT_S=15

command_dev() {
    local option is_reloading=no started
    started=$(date +%s%N)
    for option in "$@"; do
        case $option in
            --reload) is_reloading=yes ;;
            --no-system) MAY_INSTALL=no ;;
            *) fail "unknown option $option; see ./manage-code-execution.sh help" ;;
        esac
    done
    hold_the_only_dev
    set_up runtime
    check_settings
    read_addresses
    check_ports
    prepare_data
    trap stop_processes EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    start_processes "$is_reloading"
    show_first_verdict "$started"
    wait_for_the_end
}

command_stop() {
    local pid=""
    [[ -f $RUN_DIRECTORY/dev.pid ]] && pid=$(<"$RUN_DIRECTORY/dev.pid")
    if [[ -z $pid ]] || ! kill -TERM "$pid" 2>/dev/null; then
        say "Nothing is running."
        return
    fi
    say "Stopping"
    # It holds the lock until the last of its processes is gone.
    flock --timeout $((2 * STOP_TIMEOUT_S)) "$RUN_DIRECTORY/dev.lock" true ||
        fail "it did not end; its process id is $pid"
}

# A second `dev` of the same checkout would write the same files.
hold_the_only_dev() {
    mkdir -p "$RUN_DIRECTORY"
    exec {DEV_LOCK}>"$RUN_DIRECTORY/dev.lock"
    flock --nonblock "$DEV_LOCK" ||
        fail "it runs already in another terminal; ./manage-code-execution.sh stop ends it"
    printf '%s\n' $$ >"$RUN_DIRECTORY/dev.pid"
}

# A broken settings file is one sentence here, and not a traceback in some log.
check_settings() {
    (cd "$EXECUTION" && "$PYTHON" -m app.config) || exit 1
    (cd "$BACKEND" && "$PYTHON" -m config.startup) || exit 1
}

read_addresses() {
    BACKEND_PORT=${BACKEND_PORT:-$(env_value "$BACKEND/.env" BACKEND_PORT)}
    BACKEND_PORT=${BACKEND_PORT:-8000}
    EXECUTION_PORT=${PORT:-$(env_value "$EXECUTION/.env" PORT)}
    EXECUTION_PORT=${EXECUTION_PORT:-8001}
    HAS_JUDGE_WORKER=no
    [[ -z ${CODE_EXECUTION_QUEUE_URL:-$(env_value "$EXECUTION/.env" CODE_EXECUTION_QUEUE_URL)} ]] ||
        HAS_JUDGE_WORKER=yes
    IS_BROKER_EMBEDDED=no
    if [[ -z ${CELERY_BROKER_URL:-$(env_value "$BACKEND/.env" CELERY_BROKER_URL)} ]]; then
        IS_BROKER_EMBEDDED=yes
        BROKER_SOCKET=$(broker_socket)
        export CELERY_BROKER_URL=redis+socket://$BROKER_SOCKET
    fi
}

# A path that is short enough for a Unix socket however deep the checkout lies.
broker_socket() {
    local directory
    directory=${XDG_RUNTIME_DIR:-/tmp}/code-execution-$EUID-$(cksum <<<"$ROOT" | cut -d' ' -f1)
    mkdir -p "$directory" && chmod 700 "$directory"
    [[ -O $directory && ! -L $directory ]] ||
        fail "$directory belongs to somebody else; remove it or set XDG_RUNTIME_DIR"
    printf '%s/broker.sock' "$directory"
}

check_ports() {
    ! is_port_in_use "$BACKEND_PORT" ||
        fail "port $BACKEND_PORT is in use; stop what listens there, or set BACKEND_PORT in backend/.env" \
            "and BACKEND_SERVICE_URL in code-execution-service/.env to another one"
    ! is_port_in_use "$EXECUTION_PORT" ||
        fail "port $EXECUTION_PORT is in use; stop what listens there, or set PORT in" \
            "code-execution-service/.env and CODE_EXECUTION_SERVICE_URL in backend/.env to another one"
}

is_port_in_use() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

prepare_data() {
    local is_new=no
    [[ -f $CREDENTIALS ]] || is_new=yes
    step "Preparing databases and the demo contest" prepare_all
    [[ $is_new == yes ]] || return 0
    say "Accounts of the demo contest, also kept in ${CREDENTIALS#"$ROOT"/}:"
    grep -E '_(USERNAME|PASSWORD)=' "$CREDENTIALS" | sed 's/^/    /'
}

prepare_all() {
    (cd "$EXECUTION" && "$PYTHON" -m alembic upgrade head) &
    "$PYTHON" scripts/prepare_backend.py create_signing_key migrate seed_demo
    wait $!
}

start_processes() {
    local is_reloading=$1
    say "Starting every process; their output is in ${RUN_DIRECTORY#"$ROOT"/}/*.log"
    if [[ $IS_BROKER_EMBEDDED == yes ]]; then
        start broker "$ROOT" "$PYTHON" scripts/embedded_broker.py \
            "$BROKER_SOCKET" "$BACKEND/data/broker"
    fi
    local backend=("$PYTHON" -m config.server --host "${BACKEND_HOST:-127.0.0.1}"
        --port "$BACKEND_PORT")
    local worker=("$ROOT/.venv/bin/celery" -A config worker --beat --concurrency 2
        --schedule data/celerybeat-schedule --loglevel INFO)
    local execution=("$PYTHON" -m app.main) judge=("$PYTHON" -m app.worker)
    if [[ $is_reloading == yes ]]; then
        backend=("$ROOT/.venv/bin/watchfiles" --filter python "${backend[*]}" apps config gateway live logbook)
        worker=("$ROOT/.venv/bin/watchfiles" --filter python "${worker[*]}" apps config live)
        execution=("$ROOT/.venv/bin/watchfiles" --filter python "${execution[*]}" app)
        judge=("$ROOT/.venv/bin/watchfiles" --filter python "${judge[*]}" app)
    fi
    start execution "$EXECUTION" "${execution[@]}"
    [[ $HAS_JUDGE_WORKER == no ]] || start judge "$EXECUTION" "${judge[@]}"
    start backend "$BACKEND" "${backend[@]}"
    start worker "$BACKEND" "${worker[@]}"
}

# start NAME DIRECTORY COMMAND...: each process leads a group of its own, so that all that it starts can
# be ended with it; should this script be killed, the kernel tells it to end as well.
start() {
    local name=$1 directory=$2
    shift 2
    (
        cd "$directory" || exit
        exec setsid setpriv --pdeathsig TERM "$@" {DEV_LOCK}>&-
    ) >"$RUN_DIRECTORY/$name.log" 2>&1 </dev/null &
    PID[$name]=$!
    PROCESSES+=("$name")
}

show_first_verdict() {
    local started=$1 demo status=0
    (exec "$PYTHON" scripts/first_verdict.py "http://127.0.0.1:$BACKEND_PORT" \
        "http://127.0.0.1:$EXECUTION_PORT" "$RUN_DIRECTORY/worker.log" "$CREDENTIALS") &
    demo=$!
    wait_for "$demo" || status=$?
    ((status == 0)) || fail "the first program could not be judged; see ./manage-code-execution.sh logs"
    say "Up and judging after $(seconds_since "$started") s"
    note "Start here         http://localhost:$BACKEND_PORT/"
    note "API documentation  http://localhost:$BACKEND_PORT/api/docs/"
    note "                   http://localhost:$EXECUTION_PORT/docs"
    note "Admin              http://localhost:$BACKEND_PORT/admin/"
    note "Health             http://localhost:$BACKEND_PORT/api/code-execution/health/"
    note "                   http://localhost:$EXECUTION_PORT/health/ready"
    note "Accounts           ${CREDENTIALS#"$ROOT"/}"
    say "Ctrl-C stops everything."
}

wait_for_the_end() { wait_for none; }

# wait_for PID: return when that process ends; fail when one of ours ends before it.
wait_for() {
    local ended status name
    while :; do
        status=0
        wait -n -p ended || status=$?
        [[ $ended == "$1" ]] && return "$status"
        for name in "${PROCESSES[@]}"; do
            [[ ${PID[$name]} == "$ended" ]] || continue
            tail -n 15 "$RUN_DIRECTORY/$name.log" | sed 's/^/    /' >&2
            fail "$name has ended by itself (exit code $status); the lines above are its last"
        done
    done
}

stop_processes() {
    local name deadline
    trap - EXIT
    trap '' INT TERM HUP
    printf '\n'
    say "Stopping"
    # The broker goes last: the others hand work back to it.
    for name in backend execution judge worker; do end "$name" TERM; done
    deadline=$((SECONDS + STOP_TIMEOUT_S))
    for name in backend execution judge worker; do
        while is_alive "$name" && ((SECONDS < deadline)); do sleep 0.05; done
    done
    end broker TERM
    while is_alive broker && ((SECONDS < deadline)); do sleep 0.05; done
    for name in "${PROCESSES[@]}"; do end "$name" KILL; done
    rm -f "$RUN_DIRECTORY/dev.pid"
}

is_alive() { [[ -n ${PID[$1]:-} ]] && kill -0 "${PID[$1]}" 2>/dev/null; }

# end NAME SIGNAL: to the whole group.
end() { [[ -z ${PID[$1]:-} ]] || kill "-$2" -- "-${PID[$1]}" 2>/dev/null || true; }
