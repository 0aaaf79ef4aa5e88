# One cgroup holds all that the cluster runs: the programs themselves in "daemons", each node's pods under the node's name.
# So every process can be found and ended, whatever its parents were. Both generations of cgroups are handled:
# version 1 has one tree per controller (and may have version 2's, without controllers, at its side), version 2 one tree for all.
CGROUPS=/sys/fs/cgroup

cgroup_v2() { [ -e "$CGROUPS/cgroup.controllers" ]; }

# The trees that exist here; the programs are kept in the first two (where all is one tree, in that).
cgroup_trees() {
  if cgroup_v2; then echo "$CGROUPS"; return; fi
  local tree
  for tree in pids cpu cpuacct cpuset memory devices freezer blkio systemd unified; do
    [ -e "$CGROUPS/$tree/cgroup.procs" ] && echo "$CGROUPS/$tree"
  done
}

make_cgroups() {
  local tree node file
  for tree in $(cgroup_trees); do
    for node in . daemons "${NODES[@]}"; do
      mkdir -p "$tree/$PREFIX/$node"
      # In version 1 a new cpuset is empty, and nothing can run in it.
      for file in cpuset.cpus cpuset.mems; do
        [ ! -e "$tree/$PREFIX/$node/../$file" ] || cgroup_v2 || cat "$tree/$PREFIX/$node/../$file" > "$tree/$PREFIX/$node/$file"
      done
    done
  done
  cgroup_v2 || { share_processors; return; }
  local controllers
  controllers=$(sed -E 's/(^| )/\1+/g' "$CGROUPS/cgroup.controllers")
  for tree in "$CGROUPS" "$CGROUPS/$PREFIX"; do echo "$controllers" > "$tree/cgroup.subtree_control"; done
}

# In version 1 a cgroup below the root weighs as much as one process in it: the whole cluster would get less of the processors than a linter
# and a compiler at its side, and pods would starve as they do on no real node. It weighs as eight processes; inside, the programs as two nodes.
share_processors() {
  echo 8192 > "$CGROUPS/cpu/$PREFIX/cpu.shares"
  echo 2048 > "$CGROUPS/cpu/$PREFIX/daemons/cpu.shares"
}

join_daemons_cgroup() {
  local tree
  for tree in $(cgroup_trees | head -2); do echo "$BASHPID" > "$tree/$PREFIX/daemons/cgroup.procs"; done
}

# A cgroup that goes away while it is read (its container just ended) is no error.
cluster_pids() { (find $(cgroup_trees | sed "s|\$|/$PREFIX|") -name cgroup.procs -exec cat {} + 2>/dev/null || true) | sort -un; }

# A frozen process does not see even SIGKILL in version 1: thaw first. New processes may appear while killing: until none is left.
kill_all_processes() {
  local pids try
  for try in $(seq 200); do
    find "$CGROUPS/freezer/$PREFIX" -name freezer.state -exec sh -c 'echo THAWED > "$1"' _ {} \; 2>/dev/null || true
    pids=$(cluster_pids)
    [ -n "$pids" ] || return 0
    # shellcheck disable=SC2086
    kill -KILL $pids 2>/dev/null || true
    sleep 0.05
  done
  die "these processes do not end: $(echo $pids)"
}

remove_cgroups() {
  local tree
  for tree in $(cgroup_trees); do
    [ ! -d "$tree/$PREFIX" ] || find "$tree/$PREFIX" -depth -type d -exec rmdir {} + || true
  done
}
