# Programs in the background: each with a pid file, a log, the cluster's cgroup, and a network of the cluster's.

# start NAME NETWORK COMMAND...
start() {
  local name=$1 network=$2
  shift 2
  mkdir -p "$RUN/pids" "$RUN/logs"
  (
    join_daemons_cgroup
    # The locks of this script must not live on in a daemon.
    exec 6>&- 7>&- 8>&- 9>&- </dev/null >>"$RUN/logs/$name.log" 2>&1
    exec setsid nsenter --net="/var/run/netns/$(namespace_of "$network")" -- "$@"
  ) &
  echo $! > "$RUN/pids/$name"
  disown
}

pid_of() { cat "$RUN/pids/$1" 2>/dev/null; }

# A pid may have been given to another process: it must be in the cluster's cgroup too.
is_running() { local pid; pid=$(pid_of "$1") && [ -n "$pid" ] && grep -q ":.*/$PREFIX/daemons\$" "/proc/$pid/cgroup" 2>/dev/null; }

daemons() { (cd "$RUN/pids" 2>/dev/null && ls) || true; }

kill_daemon() {
  is_running "$1" || return 0
  kill -KILL "$(pid_of "$1")"
  while is_running "$1"; do sleep 0.02; done
}

cluster_logs() {
  local name=${1-}
  [ -n "$name" ] || { (cd "$RUN/logs" && ls -1 | sed 's/\.log$//'); return; }
  [ -e "$RUN/logs/$name.log" ] || die "no program '$name'; there are: $(cd "$RUN/logs" && ls -1 | sed 's/\.log$//' | tr '\n' ' ')"
  shift
  exec tail "${@:--n200}" "$RUN/logs/$name.log"
}
