# One machine may hold several checkouts of the project. The cache is shared by all; a cluster belongs to one checkout at a time,
# and another one may take it over only while no command of the owner runs under `cluster use`. Locks end with their processes.

with_build_lock() {
  mkdir -p "$CACHE"
  exec 9>"$CACHE/build.lock"
  flock -n 9 || { say "waiting for another build of the test cluster's parts on this machine"; flock 9; }
  "$@"
  exec 9>&-
}

with_cluster_lock() {
  mkdir -p "$CACHE/locks"
  exec 8>"$CACHE/locks/$NAME.change"
  flock -w 600 8 || die "another process has been starting or stopping the cluster '$NAME' for 10 minutes"
  "$@"
  exec 8>&-
}

owner_file() { echo "$CACHE/locks/$NAME.owner"; }
owner() { cat "$(owner_file)" 2>/dev/null || true; }
own() { echo "$REPO" > "$(owner_file)"; }
use_lock() { echo "$CACHE/locks/$NAME.use"; }

# Several commands of one checkout use the cluster side by side: a shared lock.
use_cluster() {
  local owner
  owner=$(owner)
  [ "$owner" = "$REPO" ] || die "the cluster '$NAME' belongs to the checkout $owner: run test/cluster/cluster up first"
  exec 7>>"$(use_lock)"
  flock -s -n 7 || die "the cluster '$NAME' is just being taken over by another checkout"
  exec "$@"
}

in_use() { ! (flock -x -n 6) 6>>"$(use_lock)"; }

# Before another checkout's cluster is taken over or stopped: nobody may be using it.
refuse_if_used_by_others() {
  local owner
  owner=$(owner)
  [ -z "$owner" ] || [ "$owner" = "$REPO" ] && return
  ! in_use || die "the cluster '$NAME' is in use by the checkout $owner: wait for it, or take another: CLUSTER_NAME=second test/cluster/cluster up"
}
