# The cluster's own image: the process that holds a pod, and the helper that makes and removes volumes.

build_system_image() {
  local key
  key=$(cat "$BIN/pause" "$BIN/volume" "$HERE/lib/system-image.sh" | sha256sum | cut -c1-16)
  [ "$(cat "$IMAGES/system.id" 2>/dev/null)" = "$key" ] && [ -f "$IMAGES/system.tar" ] && return
  local root=$CACHE/system-image
  rm -rf "$root"
  mkdir -p "$root/bin" "$root/tmp"
  cp "$BIN/pause" "$root/pause"
  cp "$BIN/volume" "$root/bin/volume"
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
