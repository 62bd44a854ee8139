#!/bin/sh
# As much of the official image's contract as our compose files use: POSTGRES_PASSWORD or
# POSTGRES_PASSWORD_FILE, POSTGRES_DB and the SQL files of /docker-entrypoint-initdb.d, once, before anybody
# can connect over the network; then the command.
set -eu
if [ ! -d "$PGDATA" ]; then
    printf '%s' "${POSTGRES_PASSWORD:-$(cat "${POSTGRES_PASSWORD_FILE:-/dev/null}")}" >/tmp/password
    initdb --username=postgres --pwfile=/tmp/password --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8
    rm /tmp/password
    printf 'host all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
    pg_ctl -w -o "-c listen_addresses= -k /tmp" start
    [ -z "${POSTGRES_DB:-}" ] || psql --host=/tmp --username=postgres --command="CREATE DATABASE \"$POSTGRES_DB\""
    for file in /docker-entrypoint-initdb.d/*.sql; do
        [ ! -f "$file" ] || psql --host=/tmp --username=postgres --dbname="${POSTGRES_DB:-postgres}" --file="$file"
    done
    pg_ctl -w stop
fi
exec "$@" -c 'listen_addresses=*'
