# The kubelet runs this where no EnvoyFilter lets the gateway check its upstream itself. What goes wrong is said, and Kubernetes
# keeps it as an event of the pod. Each question is a file beside this one.

ask() {
  question=$1
  shift
  curl --disable --silent --show-error --noproxy '*' --globoff --path-as-is --output /dev/null \
    --user-agent egressc/readiness --config "/etc/egressc/readiness/$question" "$@" 2>&1 </dev/null
}

# The upstream is who it says. curl verifies the certificate first, and then ends with 90 for this key, which nobody has: the
# upstream gets a handshake and no bytes.
shakes_hands() {
  said=$(ask "$1" --pinnedpubkey sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=)
  [ $? -eq 90 ] && return 0
  echo "$said"
  return 1
}

# Somebody listens. curl connects first, and then ends for this option, which is none: the upstream gets no bytes.
connects() {
  said=$(ask "$1" --telnet-option none --write-out '%{num_connects}')
  case $said in *1) return 0 ;; esac
  echo "$said"
  return 1
}

# It answers with a status from one number up to, but not including, the next.
answers() {
  said=$(ask "$1" --write-out '%{http_code}')
  status=${said##*[!0-9]}
  shift
  while [ $# -gt 0 ]; do
    [ "${status:-0}" -ge "$1" ] && [ "$status" -lt "$2" ] && return 0
    shift 2
  done
  echo "$said"
  return 1
}
