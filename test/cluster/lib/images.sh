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

build_system_image() {
  local key
  key=$(sha256sum "$BIN/pause" /bin/busybox "$HERE/lib/images.sh" | sha256sum | cut -c1-16)
  [ "$(cat "$IMAGES/system.id" 2>/dev/null)" = "$key" ] && [ -f "$IMAGES/system.tar" ] && return
  local root=$CACHE/system-image
  rm -rf "$root"
  mkdir -p "$root/bin" "$root/tmp"
  cp "$BIN/pause" "$root/pause"
  cp /bin/busybox "$root/bin/sh"
  # The provisioner's helper: makes and removes a volume's folder. A new disk is empty and root's.
  cat > "$root/bin/volume" <<'EOF'
#!/bin/sh
set -eu
case "$*" in
  *"-a create"*) mkdir -p -m 0755 "$VOL_DIR" ;;
  *"-a delete"*) rm -rf "$VOL_DIR" ;;
esac
EOF
  chmod 755 "$root/bin/volume"
  docker_archive "$root" '["/pause"]' "$SYSTEM_IMAGE" "$IMAGES/system.tar"
  rm -rf "$root"
  echo "$key" > "$IMAGES/system.id"
}

# docker_archive ROOT ENTRYPOINT NAME TAR: an image of one layer, which needs no builder.
docker_archive() {
  local work=$CACHE/archive arch layer
  case $(uname -m) in x86_64) arch=amd64 ;; aarch64) arch=arm64 ;; *) die "unknown machine type $(uname -m)" ;; esac
  rm -rf "$work"
  mkdir -p "$work"
  tar -C "$1" --owner=0 --group=0 --numeric-owner --mtime=@0 --sort=name -cf "$work/layer.tar" .
  layer=$(sha256sum "$work/layer.tar" | cut -d' ' -f1)
  printf '{"architecture":"%s","os":"linux","config":{"Entrypoint":%s,"Env":["PATH=/bin"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$arch" "$2" "$layer" > "$work/config.json"
  printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":["layer.tar"]}]' "$3" > "$work/manifest.json"
  tar -C "$work" -cf "$4" manifest.json config.json layer.tar
  rm -rf "$work"
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
  containerd --config "$new/containerd.toml" < /dev/null > "$new/log" 2>&1 9>&- 8>&- &
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

# What was built but is not in the common root (the agent), or is newer than what was loaded.
load_newer_images() {
  local tar name
  for tar in "$IMAGES"/*.tar; do
    name=$(basename "$tar" .tar)
    [[ " ${BASE_IMAGES[*]} " == *" $name "* ]] && [ "$tar" -ot "$RUN/up" ] && continue
    [ -e "$RUN/loaded-$name" ] && [ "$tar" -ot "$RUN/loaded-$name" ] && continue
    load_images "$name"
    touch "$RUN/loaded-$name"
  done
}
