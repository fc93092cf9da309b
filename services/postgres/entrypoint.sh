#!/bin/sh
# Starts PostgreSQL; on the first start makes the data directory, the owner's role and the database.
#
#   PGDATA                  the data directory; a folder below the volume, so that initdb may own it
#   POSTGRES_DB             the database to make
#   POSTGRES_USER           its owner: may create roles, is not a superuser
#   POSTGRES_PASSWORD_FILE  the file with the owner's password
#
# All is made beside the data directory and moved into place when it is complete: a start that was killed half-way
# leaves nothing that looks finished. Arguments go to the server.
set -eu
umask 077

fail() {
    printf 'postgres-entrypoint: %s\n' "$1" >&2
    exit 2
}

set_from_glob() { [ -x "$1/initdb" ] && bin=$1; }
set_from_glob /usr/lib/postgresql/*/bin || fail "no initdb below /usr/lib/postgresql: this image is broken"
[ -n "${PGDATA:-}" ] || fail "PGDATA: expected the path of the data directory, found nothing"

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    : "${POSTGRES_DB:=ballotbox}" "${POSTGRES_USER:=ballotbox}"
    for name in "$POSTGRES_DB" "$POSTGRES_USER"; do
        case $name in
            '' | postgres | [!a-z_]* | *[!a-z0-9_]*)
                fail "POSTGRES_DB and POSTGRES_USER: expected a lower-case identifier other than postgres, found '$name'" ;;
        esac
    done
    [ -r "${POSTGRES_PASSWORD_FILE:-}" ] ||
        fail "POSTGRES_PASSWORD_FILE: expected a readable file, found '${POSTGRES_PASSWORD_FILE:-}'"
    IFS= read -r password <"$POSTGRES_PASSWORD_FILE" || true
    case $password in
        '' | *[!A-Za-z0-9_.~-]*)
            fail "$POSTGRES_PASSWORD_FILE: expected one line of letters, digits and -._~" ;;
    esac

    printf 'postgres-entrypoint: making the database in %s\n' "$PGDATA" >&2
    unfinished=$PGDATA.unfinished
    rm -rf "$unfinished"
    "$bin/initdb" --pgdata="$unfinished" --username=postgres --encoding=UTF8 --locale=C --no-instructions \
        --auth-local=peer --auth-host=scram-sha-256 --data-checksums >&2
    # Single-user mode: no server listens before the owner has a password. One line is one statement.
    printf '%s\n' \
        "CREATE ROLE $POSTGRES_USER LOGIN CREATEROLE PASSWORD '$password'" \
        "CREATE DATABASE $POSTGRES_DB OWNER $POSTGRES_USER" |
        "$bin/postgres" --single -D "$unfinished" -c password_encryption=scram-sha-256 -c log_min_messages=error \
            -c exit_on_error=on postgres >/dev/null
    unset password
    mv -T "$unfinished" "$PGDATA"
fi

exec "$bin/postgres" -D "$PGDATA" -c config_file=/etc/postgresql/postgresql.conf "$@"
