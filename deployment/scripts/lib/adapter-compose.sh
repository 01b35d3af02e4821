# shellcheck shell=bash
# Blue and green as the services engine-blue and engine-green of deployment/compose. What is kept between runs:
#   COMPOSE_STATE/blue/start-mode   active or standby, mounted into that colour's engine (START_MODE_FILE): a container that is
#                                   started again is what its colour is by then, and not what it was made with
#   .env beside the first file      BLUE_IMAGE and GREEN_IMAGE, so that every `docker compose up` makes what this script made

COMPOSE_PROJECT=${COMPOSE_PROJECT:-}
COMPOSE_STATE=${COMPOSE_STATE:-}
STOP_SECONDS=${STOP_SECONDS:-90}

check_adapter() {
  need docker
  local file
  if ((${#COMPOSE_FILES[@]} == 0)); then
    for file in docker-compose docker-compose.blue docker-compose.green; do
      COMPOSE_FILES+=("$ROOT_DIR/deployment/compose/$file.yml")
    done
  fi
  for file in "${COMPOSE_FILES[@]}"; do [[ -r $file ]] || usage_error "--compose-file: $file cannot be read"; done
  COMPOSE_DIR=$(cd -- "$(dirname -- "${COMPOSE_FILES[0]}")" && pwd)
  # As the compose files have it.
  COMPOSE_STATE=${COMPOSE_STATE:-$(_setting STATE_FOLDER)}
  COMPOSE_STATE=${COMPOSE_STATE:-$COMPOSE_DIR/state}
  [[ $COMPOSE_STATE == /* ]] || COMPOSE_STATE=$COMPOSE_DIR/$COMPOSE_STATE
  for file in blue green; do
    [[ -d $COMPOSE_STATE/$file ]] || usage_error "$COMPOSE_STATE/$file is not there: run deployment/compose/prepare.sh, or give COMPOSE_STATE"
  done
}

# _setting NAME: from the .env that docker compose reads.
_setting() { sed -n "s/^$1=//p" "$COMPOSE_DIR/.env" 2>/dev/null | tail -n 1 || true; }

image_is_exact() { [[ $1 =~ @sha256:[0-9a-f]{64}$ ]]; }
image_advice() { echo 'name@sha256:… (docker image inspect, or the registry, tells the digest), or --allow-tag'; }

_image_variable() { if [[ $1 == blue ]]; then echo BLUE_IMAGE; else echo GREEN_IMAGE; fi; }

image_of() { _setting "$(_image_variable "$1")"; }

# Whole or not at all, with the owner and the mode that the file has.
_set_image() {
  local name file others
  name=$(_image_variable "$1")
  file=$(readlink -f -- "$COMPOSE_DIR/.env") || return
  others=$(grep -v "^$name=" "$file" 2>/dev/null) || true
  rm -f -- "$file.new"
  if [[ -e $file ]]; then cp --preserve=mode,ownership -- "$file" "$file.new" || return; fi
  { [[ -z $others ]] || printf '%s\n' "$others"; printf '%s=%s\n' "$name" "$2"; } >"$file.new" || return
  mv -f -- "$file.new" "$file"
}

# The folder is mounted, so that a file that takes another's place is seen; the engine's user must be able to read it.
set_mode() {
  local file=$COMPOSE_STATE/$1/start-mode
  printf '%s\n' "$2" >"$file.new" && chmod 644 -- "$file.new" && mv -f -- "$file.new" "$file"
}

# _compose SECONDS ARGUMENTS…
_compose() {
  local seconds=$1 file arguments=()
  shift
  [[ -z $COMPOSE_PROJECT ]] || arguments+=(--project-name "$COMPOSE_PROJECT")
  for file in "${COMPOSE_FILES[@]}"; do arguments+=(--file "$file"); done
  bounded "$seconds" docker compose "${arguments[@]}" "$@"
}

instances_of() { _compose 30 ps --quiet --status running "engine-$1" </dev/null; }

# start_colour COLOUR IMAGE SECONDS
start_colour() {
  if [[ -n $2 ]]; then _set_image "$1" "$2" || return; fi
  _compose "$3" up --detach --no-deps --force-recreate "engine-$1" </dev/null
}

stop_colour() { _compose "$((STOP_SECONDS + 30))" stop --timeout "$STOP_SECONDS" "engine-$1" </dev/null; }

# run_in INSTANCE SECONDS COMMAND…
run_in() {
  local instance=$1 seconds=$2
  shift 2
  bounded "$seconds" docker exec "$instance" node dist/src/main.cjs "$@"
}

# get_from INSTANCE PATH
get_from() { bounded 20 docker exec "$1" node -e "$HTTP_GET" "$2"; }

logs_of() { bounded 20 docker logs --tail 2000 "$1" 2>&1; }

config_of() { _compose 30 config --format json "engine-$1" </dev/null | jq -r --arg service "engine-$1" '.services[$service].environment // {} | to_entries[] | "\(.key)=\(.value)"'; }
