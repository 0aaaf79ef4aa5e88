# The images: the cluster's own (pause, volume helper) from the programs built here, the product's from images/build.sh.
# The base ones are imported once, into a containerd root that every node starts from; what changes often is loaded when the cluster runs.
SEED=$CACHE/seed

build_images() {
  build_programs
  mkdir -p "$IMAGES"
  build_system_image
  "$REPO/images/build.sh" postgres
  make_seed
}

BASE_IMAGES=(system postgres)
seed_key() { local image; for image in "${BASE_IMAGES[@]}"; do cat "$IMAGES/$image.id"; done | sha256sum | cut -c1-16; }

make_seed() {
  [ "$(cat "$SEED/key" 2>/dev/null)" = "$(seed_key)" ] && return
  say "importing the base images into the nodes' common containerd root"
  local new=$SEED.new image pid
  rm -rf "$new"
  mkdir -p "$new/cni"
  containerd_config "$new/root" "$new/state" "$new/socket" "$new/cni" > "$new/containerd.toml"
  setpriv --pdeathsig KILL containerd --config "$new/containerd.toml" < /dev/null > "$new/log" 2>&1 &
  pid=$!
  wait_for 30 "containerd (log: $new/log)" ctr --address "$new/socket" version
  for image in "${BASE_IMAGES[@]}"; do
    ctr --address "$new/socket" --namespace k8s.io images import "$IMAGES/$image.tar" > /dev/null
  done
  kill "$pid"
  wait "$pid" || true
  seed_key > "$new/key"
  rm -rf "$SEED" "$new/state" "$new/socket"*
  mv "$new" "$SEED"
}

# A node's containerd starts from the common root by hard links: its blobs and the files of its layers are never written to
# (a container writes to a layer of its own), its databases are, and so are copied.
seed_containerd() {
  mkdir -p "$(dirname "$1")"
  cp -al "$SEED/root" "$1"
  find "$1" -name '*.db' -not -path '*/snapshots/*' -exec sh -c 'cp "$1" "$1.own" && mv "$1.own" "$1"' _ {} \;
}

# What was built but is not in the common root: the agent.
load_built_images() {
  local tar
  for tar in "$IMAGES"/*.tar; do
    [[ " ${BASE_IMAGES[*]} " == *" $(basename "$tar" .tar) "* ]] || load_images "$(basename "$tar" .tar)"
  done
}
