# shellcheck shell=bash disable=SC2034  # the parts are sourced into one shell and share variables
# `setup`: everything that the other commands need, without starting anything.

command_setup() {
    parse_system_option "$@"
    set_up development
    prepare_toolchains
    say "Ready. Next: ./manage-code-execution.sh dev"
}

# Take --no-system, refuse anything else.
parse_system_option() {
    local option
    for option in "$@"; do
        case $option in
            --no-system) MAY_INSTALL=no ;;
            *) fail "unknown option $option; see ./manage-code-execution.sh help" ;;
        esac
    done
}

# What compiles faster afterwards; without it, the service does the same when it has started.
prepare_toolchains() {
    (step "Preparing the toolchains" in_directory code-execution-service "$PYTHON" -m app.prepare) ||
        note "going on without"
}

# set_up runtime|development
set_up() {
    ensure_environment "$1"
    ensure_toolchains
    ensure_settings
}
