# shellcheck shell=bash disable=SC2034  # the parts are sourced into one shell and share variables
# `test`: every test, with the servers that they need.

declare -A BESIDE=() # process groups by the name of what they run beside the rest

command_test() {
    if [[ ${1:-} == --no-system ]]; then
        MAY_INSTALL=no
        shift
    fi
    ensure_environment development
    ensure_toolchains
    ensure_test_servers
    ensure_npm_packages "$CLIENT"
    if (($#)) && [[ "$*" != *container* ]]; then
        exec "$PYTHON" -m pytest "$@"
    fi
    trap 'end_beside; stop_docker' EXIT
    ensure_docker
    if (($#)); then
        find_or_build_images
        heed_lack
        "$PYTHON" -m pytest "$@"
        return
    fi
    run_every_test
}

# The images are built while other tests run. The backend's database is chosen when Django starts, so
# its tests on PostgreSQL are a run of their own. On SQLite run whole installations, the walk through every
# address, and once more what writes from several sides; what needs no database runs there only.
# Nothing runs beside whole installations: they keep every core busy, and a process that waits for one longer
# than for its Redis takes that for lost. The sandbox here and the one in the container, last, often wait, until
# programs are over their limits; what only computes takes the time that they leave.
run_every_test() {
    local side_by_side=(-q --numprocesses auto --dist loadfile --no-loadscope-reorder) status=0
    local backend=tests/integration/backend
    local computing=(tests/unit/backend "$backend/test_who_sees_what.py") browser="$backend/in_browser"
    local guests=tests/sandbox/cgroup_v2
    local no_database=("$backend"/{gateway,test_package_uploads.py,test_rate_limits_without_redis.py})
    begin_beside images find_or_build_images
    begin_beside parts "$PYTHON" -m pytest "${side_by_side[@]}" -m "locks or not django_db" \
        tests/unit tests/integration --ignore="$browser" "${computing[@]/#/--ignore=}"
    say "The backend's integration tests on PostgreSQL; beside them the execution service"
    "$PYTHON" -m tests.support.with_postgresql "$PYTHON" -m pytest "${side_by_side[@]}" -k "not TestStart" \
        "$backend" --ignore="$browser" "${computing[@]/#/--ignore=}" "${no_database[@]/#/--ignore=}"
    finish_beside parts
    say "Whole installations, contracts and pages in a browser, on the embedded defaults"
    "$PYTHON" -m pytest "${side_by_side[@]}" tests/e2e tests/chaos tests/contract "$browser"
    finish_beside images
    heed_lack
    say "The sandbox; beside it rules of the backend, kernels as guests, and the containers"
    begin_beside rules nice -n 10 "$PYTHON" -m pytest -q "${computing[@]}" "$guests"
    begin_beside containers "$PYTHON" -m pytest --in-containers tests/container tests/e2e
    "$PYTHON" -m pytest tests/sandbox --ignore="$guests" || status=$?
    finish_beside rules || status=$?
    finish_beside containers || status=$?
    return "$status"
}

# begin_beside NAME COMMAND...: run it in a process group of its own; `finish_beside` shows its output.
begin_beside() {
    local name=$1
    shift
    mkdir -p "$RUN_DIRECTORY"
    set -m
    ("$@") >"$RUN_DIRECTORY/test-$name.log" 2>&1 </dev/null &
    BESIDE[$name]=$!
    set +m
}

finish_beside() {
    local status=0
    wait "${BESIDE[$1]}" || status=$?
    unset "BESIDE[$1]"
    cat "$RUN_DIRECTORY/test-$1.log"
    return "$status"
}

end_beside() {
    local group
    for group in "${BESIDE[@]}"; do
        kill -TERM -- "-$group" 2>/dev/null || true
    done
}

# It may run beside: what the container tests lack is left in a file.
find_or_build_images() {
    [[ -n $CONTAINER_TESTS_LACK ]] || ensure_container_images
    mkdir -p "$RUN_DIRECTORY"
    printf '%s' "$CONTAINER_TESTS_LACK" >"$RUN_DIRECTORY/container-tests-lack"
}

# Without a Docker engine the container tests are listed as not run; in CI that is a failure.
heed_lack() {
    CONTAINER_TESTS_LACK=$(<"$RUN_DIRECTORY/container-tests-lack")
    [[ -n $CONTAINER_TESTS_LACK ]] || return 0
    [[ ${CI:-} != true ]] || fail "the container tests can't run: $CONTAINER_TESTS_LACK"
    say "The container tests will not run: $CONTAINER_TESTS_LACK"
}
