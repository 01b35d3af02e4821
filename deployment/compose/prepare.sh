#!/usr/bin/env bash
# Makes what docker-compose.yml reads besides .env: passwords in secrets/, and the start mode of both colours in state/. What is there
# already stays; a file that is removed is made anew (then `docker compose up -d` again, and so is a password changed).
#
# Usage: prepare.sh [--folder DIR] [--help]
#
#   --folder DIR   where secrets/ and state/ are to be, this script's own folder by default
#
# Run by root it gives each file to the user of the container that reads it, mode 0400. Run by anybody else, the files are readable by
# all who may enter secrets/, which is its owner alone; the engine warns of that at every start.
# KAFKA_PASSWORD, where it is set, goes into secrets/kafka_password; else it is asked for, on a terminal.
#
# Exit codes: 0 done, 1 failed, 2 wrong usage.
set -euo pipefail
umask 077

readonly ENGINE=10001 POSTGRES=999 GRAFANA=472
folder=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)

while (($# > 0)); do
  case $1 in
    --folder) (($# >= 2)) || { echo 'prepare.sh: --folder wants a value' >&2; exit 2; }; folder=$2; shift ;;
    --help | -h) sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) echo "prepare.sh: there is no $1; --help tells what there is" >&2; exit 2 ;;
  esac
  shift
done

secrets=$folder/secrets
mkdir -p -- "$secrets"
chmod 700 -- "$secrets"

# keep NAME OWNER: takes the content from stdin, whole or not at all.
keep() {
  local file=$secrets/$1
  cat >"$file.new"
  if ((EUID == 0)); then chown "$2:$2" "$file.new" && chmod 400 "$file.new"; else chmod 444 "$file.new"; fi
  mv -f -- "$file.new" "$file"
  echo "made $file"
}

new_password() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

there() { [[ -s $secrets/$1 ]]; }

there postgres_password || new_password | keep postgres_password "$POSTGRES"
there grafana_password || new_password | keep grafana_password "$GRAFANA"

# The engine's files have the password in a URL, the file for psql has all of them: they are made together or not at all.
if ! { there role_passwords && there owner_database_url && there engine_database_url && there monitor_database_url; }; then
  lines=''
  for role in owner engine reader monitor; do
    password=$(new_password)
    lines+="\\set ${role}_password $password"$'\n'
    if [[ $role == reader ]]; then
      printf 'postgres://trades_reader:%s@localhost:5432/trades\n' "$password" | keep reader_database_url "$EUID"
    else
      printf 'postgres://trades_%s:%s@postgres:5432/trades\n' "$role" "$password" | keep "${role}_database_url" "$ENGINE"
    fi
  done
  printf '%s' "$lines" | keep role_passwords "$POSTGRES"
fi

if ! there kafka_password; then
  if [[ -z ${KAFKA_PASSWORD:-} && -t 0 ]]; then read -rsp 'Password of KAFKA_USERNAME: ' KAFKA_PASSWORD && echo; fi
  if [[ -z ${KAFKA_PASSWORD:-} ]]; then
    echo 'prepare.sh: no password for Kafka: set KAFKA_PASSWORD, or run it on a terminal' >&2
    exit 1
  fi
  printf '%s\n' "$KAFKA_PASSWORD" | keep kafka_password "$ENGINE"
fi

# Blue is the one that consumes where nobody hands over.
for colour in blue green; do
  mode=$folder/state/$colour/start-mode
  [[ -s $mode ]] && continue
  started=active
  [[ $colour == blue ]] || started=standby
  (umask 022 && mkdir -p -- "$folder/state/$colour" && echo "$started" >"$mode")
  chmod 755 -- "$folder/state" "$folder/state/$colour"
  echo "made $mode"
done
# deploy_blue_green.sh writes there, which need not be run by root.
if ((EUID == 0)) && [[ -n ${SUDO_UID:-} ]]; then chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$folder/state"; fi
