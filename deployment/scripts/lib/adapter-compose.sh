# shellcheck shell=bash
# Blue and green as services engine-blue and engine-green of one compose project. COMPOSE_STATE holds
#   blue.env, green.env   START_MODE=active or standby, mounted as .env into the working directory of that colour's engine, so that
#                         a container that is started again is what its colour is by then, and not what it was made with
#   images.env            BLUE_IMAGE and GREEN_IMAGE, which the compose files name: give it to every `docker compose` of yours
#                         (--env-file), or it makes containers of another image

COMPOSE_PROJECT=${COMPOSE_PROJECT:-}
COMPOSE_STATE=${COMPOSE_STATE:-$ROOT_DIR/deployment/compose/state}
STOP_SECONDS=${STOP_SECONDS:-90}

check_adapter() {
  need docker
  local file
  if ((${#COMPOSE_FILES[@]} == 0)); then
    COMPOSE_FILES=("$ROOT_DIR/deployment/compose/docker-compose.yml")
    for file in blue green; do
      file=$ROOT_DIR/deployment/compose/docker-compose.$file.yml
      [[ ! -r $file ]] || COMPOSE_FILES+=("$file")
    done
  fi
  for file in "${COMPOSE_FILES[@]}"; do [[ -r $file ]] || usage_error "--compose-file: $file cannot be read"; done
  mkdir -p -- "$COMPOSE_STATE" || usage_error "COMPOSE_STATE: $COMPOSE_STATE cannot be made"
}

image_is_exact() { [[ $1 =~ @sha256:[0-9a-f]{64}$ ]]; }
image_advice() { echo 'name@sha256:… (docker image inspect, or the registry, tells the digest), or --allow-tag'; }

_image_variable() { if [[ $1 == blue ]]; then echo BLUE_IMAGE; else echo GREEN_IMAGE; fi; }

image_of() { sed -n "s/^$(_image_variable "$1")=//p" "$COMPOSE_STATE/images.env" 2>/dev/null || true; }

_set_image() {
  local name other file=$COMPOSE_STATE/images.env
  name=$(_image_variable "$1")
  other=$(grep -v "^$name=" "$file" 2>/dev/null) || true
  { [[ -z $other ]] || printf '%s\n' "$other"; printf '%s=%s\n' "$name" "$2"; } >"$file.new" && mv -f -- "$file.new" "$file"
}

# In place: a mounted file is this file, and not whatever has its name by then.
set_mode() { printf 'START_MODE=%s\n' "$2" >"$COMPOSE_STATE/$1.env"; }

# _compose SECONDS ARGUMENTS…
_compose() {
  local seconds=$1 file arguments=()
  shift
  [[ -z $COMPOSE_PROJECT ]] || arguments+=(--project-name "$COMPOSE_PROJECT")
  for file in "${COMPOSE_FILES[@]}"; do arguments+=(--file "$file"); done
  # A given --env-file takes the place of the .env beside the compose file.
  for file in "$(dirname -- "${COMPOSE_FILES[0]}")/.env" "$COMPOSE_STATE/images.env"; do
    [[ ! -r $file ]] || arguments+=(--env-file "$file")
  done
  bounded "$seconds" docker compose "${arguments[@]}" "$@"
}

instances_of() { _compose 30 ps --quiet --status running "engine-$1" </dev/null; }

# start_colour COLOUR IMAGE SECONDS
start_colour() {
  if [[ -n $2 ]]; then _set_image "$1" "$2" || return; fi
  # The file must be there, or the mount would make a folder of it.
  [[ -r $COMPOSE_STATE/$1.env ]] || set_mode "$1" standby || return
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
get_from() { bounded 10 docker exec "$1" node -e "$HTTP_GET" "$2"; }

logs_of() { bounded 20 docker logs --tail 2000 "$1" 2>&1; }

config_of() { _compose 30 config --format json "engine-$1" </dev/null | jq -r --arg service "engine-$1" '.services[$service].environment // {} | to_entries[] | "\(.key)=\(.value)"'; }
