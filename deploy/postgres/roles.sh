#!/bin/sh
# A database for each service with a role of its own that owns it, and nothing of the other's. Run before
# every start: it changes only what differs, such as a password, or tables that an earlier release left to
# the administrator.
set -eu
PGPASSWORD=$(cat /run/secrets/postgres_password)
export PGPASSWORD PGHOST=db PGUSER=postgres

set_up() { # ROLE DATABASE
    psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --dbname postgres --set role="$1" --set database="$2" \
        --set password="$(cat "/run/secrets/$1_database_password")" <<'SQL'
SELECT format('CREATE ROLE %I', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SELECT format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD %L', :'role', :'password') \gexec
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'role')
    WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
SELECT format('ALTER DATABASE %I OWNER TO %I', :'database', :'role') \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'database') \gexec
SQL
    psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --dbname "$2" --set role="$1" <<'SQL'
SELECT format('ALTER SCHEMA public OWNER TO %I', :'role') \gexec
SELECT format('ALTER TABLE public.%I OWNER TO %I', relname, :'role') FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')
    AND pg_get_userbyid(relowner) <> :'role' \gexec
SELECT format('ALTER SEQUENCE public.%I OWNER TO %I', relname, :'role') FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
    AND pg_get_userbyid(relowner) <> :'role' \gexec
SELECT format('ALTER TYPE public.%I OWNER TO %I', typname, :'role') FROM pg_type
    WHERE typnamespace = 'public'::regnamespace AND typtype = 'e'
    AND pg_get_userbyid(typowner) <> :'role' \gexec
SQL
}

set_up backend uyren
set_up code_execution uyren_code_execution
