# shellcheck shell=bash
# What has to come from the system: toolchains, the sandbox's walls, servers for tests.

MAY_INSTALL=yes # `--no-system` sets it to no

can_use_apt() {
    [[ $MAY_INSTALL == yes && $EUID -eq 0 ]] && command -v apt-get >/dev/null &&
        grep -qE '^ID(_LIKE)?=.*(debian|ubuntu)' /etc/os-release
}

# install_system_packages NAME...: install through apt where we may, else print the command.
install_system_packages() {
    if ! can_use_apt; then
        note "missing: $*"
        note "install: sudo apt-get install --no-install-recommends $*"
        return
    fi
    say "Missing: $*"
    (step "Installing them through apt, which can take minutes" apt_install "$@") ||
        note "going on without them"
}

# A subshell of its own: what it exports and its clean-up end with it.
apt_install() (
    export DEBIAN_FRONTEND=noninteractive
    mkdir -p /usr/share/man/man1 # images without manual pages lack it, and Java's package fails then
    # Packages that bring a server would start it; our tests start their own.
    local policy=/usr/sbin/policy-rc.d
    if [[ ! -e $policy ]]; then
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod 755 $policy
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    apt-get update && apt-get install --yes --no-install-recommends "$@"
)

# The sandbox and the languages: the service knows what it needs and what is there.
ensure_toolchains() {
    local missing
    missing=$(cd code-execution-service && "$PYTHON" -m app.system_packages) ||
        fail "could not find out which toolchains are missing"
    # shellcheck disable=SC2086  # one word per package
    [[ -z $missing ]] || install_system_packages $missing
}

# Servers, a browser and a kernel that the tests start for themselves.
ensure_test_servers() {
    local missing=()
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null ||
        missing+=(postgresql)
    command -v redis-server >/dev/null || missing+=(redis-server)
    command -v rabbitmq-server >/dev/null || [[ -x /usr/sbin/rabbitmq-server ]] ||
        missing+=(rabbitmq-server)
    command -v chromium >/dev/null || command -v google-chrome >/dev/null ||
        missing+=(chromium)
    command -v linux.uml >/dev/null || missing+=(user-mode-linux) # a cgroup v2 host for the sandbox
    ((${#missing[@]} == 0)) || install_system_packages "${missing[@]}"
}
