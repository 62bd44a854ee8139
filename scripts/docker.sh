# shellcheck shell=bash
# A Docker engine for the container tests. One that answers is used as it is. Else root gets an engine
# with a folder and a socket of its own, stopped after the tests: nothing of anybody's Docker is touched.

DOCKER_STATE=/var/lib/code-execution-tests
DOCKER_SOCKET=/run/code-execution-tests.sock
DOCKER_START_TIMEOUT_S=60
DOCKER_PACKAGES=(docker.io docker-cli docker-compose docker-buildx)
COMPOSE_VERSION=2.24.4 # the first one with !override, which the tests need
IS_DOCKER_OURS=no

# Sets CONTAINER_TESTS_LACK to a sentence if the container tests can't run, else to nothing. Their
# fixture reads it.
ensure_docker() {
    export CONTAINER_TESTS_LACK=""
    docker info >/dev/null 2>&1 || ensure_docker_of_ours
    [[ -z $CONTAINER_TESTS_LACK ]] || return 0
    local version
    version=$(docker compose version --short 2>/dev/null) || version=none
    [[ $version != none && $(printf '%s\n' "$COMPOSE_VERSION" "$version" | sort -V | head -n 1) == "$COMPOSE_VERSION" ]] ||
        CONTAINER_TESTS_LACK="docker compose $COMPOSE_VERSION or newer is needed, found $version"
}

ensure_docker_of_ours() {
    if ((EUID != 0)) || [[ $MAY_INSTALL != yes ]]; then
        CONTAINER_TESTS_LACK="no Docker engine answers, and only root (without --no-system) may start one"
        return
    fi
    command -v dockerd >/dev/null || install_docker
    if ! command -v dockerd >/dev/null; then
        CONTAINER_TESTS_LACK="no Docker engine answers; install Docker with compose $COMPOSE_VERSION or newer"
        return
    fi
    start_docker || CONTAINER_TESTS_LACK="no Docker engine starts here; see $DOCKER_STATE/dockerd.log"
}

# Debian 12 has an engine that is too old for our compose files: there, the four packages come from
# Debian 13 (they need nothing that 12 lacks) by a configuration of apt that ends with this function.
install_docker() {
    local release folder mirror
    can_use_apt || return 0
    # shellcheck source=/dev/null
    release=$(source /etc/os-release && printf '%s-%s' "$ID" "${VERSION_ID:-}")
    if [[ $release == debian-13 ]]; then
        install_system_packages "${DOCKER_PACKAGES[@]}" iptables
    elif [[ $release == debian-12 ]]; then
        mirror=$(debian_mirror bookworm)
        folder=$(mktemp -d)
        mkdir "$folder/sources" "$folder/preferences"
        find /etc/apt/sources.list.d -type f \( -name '*.sources' -o -name '*.list' \) -exec cp {} "$folder/sources" \;
        printf 'Types: deb\nURIs: %s\nSuites: trixie\nComponents: main\nSigned-By: %s\n' \
            "$mirror" /usr/share/keyrings/debian-archive-keyring.gpg >"$folder/sources/trixie.sources"
        printf 'Package: *\nPin: release n=trixie\nPin-Priority: -1\n\nPackage: %s\nPin: release n=trixie\nPin-Priority: 600\n' \
            "${DOCKER_PACKAGES[*]}" >"$folder/preferences/trixie"
        printf 'Dir::Etc::SourceParts "%s";\nDir::Etc::PreferencesParts "%s";\n' \
            "$folder/sources" "$folder/preferences" >"$folder/apt.conf"
        APT_CONFIG=$folder/apt.conf install_system_packages "${DOCKER_PACKAGES[@]}" iptables
        rm -rf "$folder"
    fi
}

# debian_mirror CODENAME: the address that apt has for that release; apt only tells once it has lists.
debian_mirror() {
    [[ -n $(apt-get indextargets) ]] || apt-get update >/dev/null || return
    # shellcheck disable=SC2016  # apt fills these in
    apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
        awk -v release="$1" '$2 == release { print $1; exit }'
}

# Runs of several checkouts share folder and socket, so they take turns.
start_docker() {
    mkdir -p "$DOCKER_STATE"
    exec {DOCKER_LOCK}>"$DOCKER_STATE/lock"
    if ! flock --nonblock "$DOCKER_LOCK"; then
        note "waiting for the container tests of another run"
        flock "$DOCKER_LOCK"
    fi
    setsid dockerd --host "unix://$DOCKER_SOCKET" --data-root "$DOCKER_STATE/docker" \
        --exec-root /run/code-execution-tests --pidfile /run/code-execution-tests.pid \
        >"$DOCKER_STATE/dockerd.log" 2>&1 </dev/null {DOCKER_LOCK}>&- &
    DOCKER_PID=$!
    IS_DOCKER_OURS=yes
    export DOCKER_HOST=unix://$DOCKER_SOCKET
    local deadline=$((SECONDS + DOCKER_START_TIMEOUT_S))
    until docker info >/dev/null 2>&1; do
        kill -0 "$DOCKER_PID" 2>/dev/null && ((SECONDS < deadline)) || return 1
        sleep 0.2
    done
    remove_what_was_left_behind
}

# Containers of an interrupted run end with their engine, and come back with it.
remove_what_was_left_behind() {
    docker ps --all --quiet | xargs --no-run-if-empty docker rm --force --volumes
    docker network prune --force
    docker volume ls --quiet | xargs --no-run-if-empty docker volume rm --force
} >/dev/null

stop_docker() {
    [[ $IS_DOCKER_OURS == yes ]] || return 0
    kill -TERM "$DOCKER_PID" 2>/dev/null || return 0
    wait "$DOCKER_PID" 2>/dev/null || true
}
