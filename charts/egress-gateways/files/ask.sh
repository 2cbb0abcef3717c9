# `helm test` runs this for each port of a host, with "PROTOCOL URL". Whatever the upstream answers is well; an answer of
# the mesh in its place is not.
set -f
set -- $1

request() {
  told=$(curl --silent --include --max-time 10 --write-out '%{onerror}curl: %{errormsg}' "$@" | head -c 4096 | tr -d '\0\r')
  case $told in
  '' | 'curl: '* | 'HTTP/1.1 50'[234]* | 'HTTP/2 50'[234]* | *'grpc-status: 14'*) return 1 ;;
  *'RBAC: access denied'* | *"labels are not among the host's clients"*) return 1 ;;
  esac
}

ask() {
  case $1 in
  HTTP) request "$2" ;;
  HTTP2) request --http2-prior-knowledge "$2" ;;
  GRPC) request --http2-prior-knowledge --request POST --header 'content-type: application/grpc' "$2" ;;
  TLS) # whether to trust the certificate is the application's matter: a handshake will do
    told=$(curl --silent --insecure --max-time 10 --output /dev/null --write-out '%{time_appconnect} s%{onerror} %{errormsg}' "$2")
    case $told in '0.000000 s'*) return 1 ;; esac
    ;;
  TCP) # a sidecar accepts any connection, and closes it where no upstream is behind; 28: curl's time was up before that
    told=$({ sleep 3 | curl --silent --max-time 2 "$2"; echo "closed, $?"; } | head -c 4096 | tr -d '\0')
    case $told in 'closed, 28') ;; 'closed, '*) return 1 ;; esac
    ;;
  esac
}

for try in 1 2 3; do
  if ask "$1" "$2"; then
    echo "answers: $2"
    exit 0
  fi
  sleep 1
done
echo "does not answer: $2: $(echo "$told" | head -n 1)"
exit 1
