# shellcheck shell=bash
# What the commands say to a person, and where their longer output goes.

RUN_DIRECTORY=$ROOT/.run

say() { printf '==> %s\n' "$*"; }
note() { printf '    %s\n' "$*"; }
fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# step TEXT COMMAND...: run a command quietly; tell how long it took, or show the end of its output.
step() {
    local text=$1 log started
    shift
    mkdir -p "$RUN_DIRECTORY"
    log=$RUN_DIRECTORY/last-step.log
    printf '==> %s ... ' "$text"
    started=$(date +%s%N)
    if "$@" >"$log" 2>&1 </dev/null; then
        printf 'done in %s s\n' "$(seconds_since "$started")"
        return
    fi
    printf 'failed\n'
    tail -n 20 "$log" | sed 's/^/    /' >&2
    fail "$text failed; all of its output is in ${log#"$ROOT"/}"
}

seconds_since() {
    local tenths=$((($(date +%s%N) - $1) / 100000000))
    printf '%d.%d' $((tenths / 10)) $((tenths % 10))
}

# env_value FILE NAME: the value of a variable in an .env file; nothing when it is not there.
env_value() {
    [[ -f $1 ]] || return 0
    sed -n "s/^[[:space:]]*\(export[[:space:]]\+\)\?$2[[:space:]]*=[[:space:]]*//p" "$1" |
        tail -n 1 | sed "s/[[:space:]]*$//; s/^\"\(.*\)\"\$/\1/; s/^'\(.*\)'\$/\1/"
}
