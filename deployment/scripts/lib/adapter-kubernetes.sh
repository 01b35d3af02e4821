# shellcheck shell=bash
# Blue and green as Deployments of one namespace, DEPLOYMENT-blue and DEPLOYMENT-green, whose pods carry the label `colour`.
# START_MODE of a pod comes from a ConfigMap of its colour, so that a pod that is started again, or that the autoscaler adds, is
# what its colour is by then. Scaled to none, a Deployment keeps its autoscaler still.

# shellcheck source=lib/lease.sh
. "$SCRIPTS_DIR/lib/lease.sh"

KUBE_NAMESPACE=${KUBE_NAMESPACE:-}
KUBE_CONTEXT=${KUBE_CONTEXT:-}
KUBE_DEPLOYMENT=${KUBE_DEPLOYMENT:-bitquery-kafka-consumer}
KUBE_MODE_MAP=${KUBE_MODE_MAP:-bitquery-kafka-consumer-mode}
KUBE_CONTAINER=${KUBE_CONTAINER:-engine}
KUBE_LABEL=${KUBE_LABEL:-app.kubernetes.io/name=bitquery-kafka-consumer}
STOP_SECONDS=${STOP_SECONDS:-90}

# _kubectl SECONDS ARGUMENTS…
_kubectl() {
  local seconds=$1 arguments=()
  shift
  [[ -z $KUBE_CONTEXT ]] || arguments+=(--context "$KUBE_CONTEXT")
  [[ -z $KUBE_NAMESPACE ]] || arguments+=(--namespace "$KUBE_NAMESPACE")
  bounded "$((seconds + 5))" kubectl "${arguments[@]}" "$@"
}

check_adapter() {
  need kubectl
  local colour
  for colour in blue green; do
    _kubectl 20 get deployment "$KUBE_DEPLOYMENT-$colour" --output name >/dev/null </dev/null ||
      usage_error "the cluster shows no Deployment $KUBE_DEPLOYMENT-$colour: apply deployment/kubernetes/overlays/$colour, or give --namespace and --context"
  done
}

image_is_exact() { [[ $1 =~ @sha256:[0-9a-f]{64}$ ]]; }
image_advice() { echo 'name@sha256:… (the registry tells the digest), or --allow-tag'; }

image_of() {
  _kubectl 20 get deployment "$KUBE_DEPLOYMENT-$1" </dev/null \
    --output "jsonpath={.spec.template.spec.containers[?(@.name==\"$KUBE_CONTAINER\")].image}"
}

# Made where it is not there yet: until then a colour is what its own ConfigMap says.
set_mode() {
  local map=$KUBE_MODE_MAP-$1 patch
  patch=$(jq -cn --arg mode "$2" '{data: {START_MODE: $mode}}')
  _kubectl 20 patch configmap "$map" --type merge --patch "$patch" >/dev/null 2>&1 </dev/null ||
    _kubectl 20 create configmap "$map" --from-literal "START_MODE=$2" >/dev/null </dev/null
}

# One that is being deleted is on its way out, and answers to nobody.
instances_of() {
  local pods
  pods=$(_kubectl 20 get pods --selector "$KUBE_LABEL,colour=$1" --output json </dev/null) || return
  jq -r <<<"$pods" '.items[] | select(.status.phase == "Running" and .metadata.deletionTimestamp == null) | .metadata.name'
}

_replicas_of() { _kubectl 20 get deployment "$KUBE_DEPLOYMENT-$1" --output 'jsonpath={.spec.replicas}' </dev/null; }

# start_colour COLOUR IMAGE SECONDS: with as many pods as the other has.
start_colour() {
  local other=green replicas own
  [[ $1 == blue ]] || other=blue
  replicas=$(_replicas_of "$other") || return
  ((${replicas:-0} > 0)) || replicas=1
  own=$(_replicas_of "$1") || return
  # What is left of an earlier run may be in any state.
  if ((${own:-0} > 0)); then stop_colour "$1" || return; fi
  if [[ -n $2 ]]; then
    _kubectl 30 set image "deployment/$KUBE_DEPLOYMENT-$1" "$KUBE_CONTAINER=$2" >/dev/null </dev/null || return
  fi
  _kubectl 30 scale "deployment/$KUBE_DEPLOYMENT-$1" --replicas "$replicas" >/dev/null </dev/null || return
  # On standby a pod is ready.
  _kubectl "$3" rollout status "deployment/$KUBE_DEPLOYMENT-$1" --timeout "$3s" </dev/null
}

stop_colour() {
  local pods
  _kubectl 30 scale "deployment/$KUBE_DEPLOYMENT-$1" --replicas 0 >/dev/null </dev/null || return
  # Fails in some releases where none is left to wait for.
  _kubectl "$((STOP_SECONDS + 30))" wait pod --for delete --selector "$KUBE_LABEL,colour=$1" --timeout "$((STOP_SECONDS + 30))s" </dev/null && return
  pods=$(_kubectl 20 get pods --selector "$KUBE_LABEL,colour=$1" --output name </dev/null) || return
  [[ -z $pods ]]
}

# run_in INSTANCE SECONDS COMMAND…
run_in() {
  local instance=$1 seconds=$2
  shift 2
  _kubectl "$seconds" exec "$instance" --container "$KUBE_CONTAINER" -- node dist/src/main.cjs "$@"
}

# get_from INSTANCE PATH
get_from() { _kubectl 20 exec "$1" --container "$KUBE_CONTAINER" -- node -e "$HTTP_GET" "$2"; }

logs_of() { _kubectl 30 logs "$1" --container "$KUBE_CONTAINER" --tail 2000 </dev/null; }

# What a Secret holds is only named in there.
config_of() {
  _kubectl 20 get deployment "$KUBE_DEPLOYMENT-$1" --output json </dev/null |
    jq -r '.spec.template.spec.containers[0] | (.env // [])[] | "\(.name)=\(.value // "from a \(.valueFrom | keys[0])")"'
  _kubectl 20 get configmap "$KUBE_MODE_MAP-$1" --output json </dev/null | jq -r '.data | to_entries[] | "\(.key)=\(.value)"'
}
