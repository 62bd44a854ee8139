# shellcheck shell=bash
# `backup` and `restore`: of the stack where one is up, or with --compose; else of this checkout.

command_backup() {
    local file=${1:?name the file to write, such as backup-2026-11-21.tar.gz} option=()
    is_production_up && option=(--compose)
    step "Backing up to $file" "$(find_python)" scripts/backup.py backup "$file" "${option[@]}"
    note "It holds every secret: keep it where only you can read it."
}

# restore FILE [--compose]: the stack of containers, or the processes of this checkout.
command_restore() {
    local file=${1:?name the archive that \`backup\` wrote} option=()
    [[ ${2:-} != --compose ]] || option=(--compose)
    [[ -f $file ]] || fail "there is no file $file"
    step "Restoring from $file" "$(find_python)" scripts/backup.py restore "$file" "${option[@]}"
    if ((${#option[@]})); then
        note "Next: ./manage-code-execution.sh up, which migrates and starts it"
    else
        note "Next: ./manage-code-execution.sh migrate, then dev"
    fi
}
