# Loading an image on all nodes at once. Layers that every node has already stay out of what is imported: of the agent's image of
# 130 MB a new bundle is 5 MB.

# load_images TAR|NAME...
load_images() {
  [ $# -gt 0 ] || die "load needs a docker-archive, or the name of an image that images/build.sh made: agent, postgres"
  local image tar id old
  for image in "$@"; do
    tar=$image
    [ -f "$tar" ] || tar=$IMAGES/$image.tar
    [ -f "$tar" ] || die "no file $image and no image $tar: images/build.sh makes agent and postgres"
    id=$(cat "${tar%.tar}.id" 2>/dev/null || true)
    [ -n "$id" ] && [ "$(cat "$RUN/loaded/$id" 2>/dev/null)" = "$tar" ] && continue
    load_archive "$tar"
    # What was loaded before under the same name is no more what the name means; of a foreign archive the name is not known.
    mkdir -p "$RUN/loaded"
    for old in "$RUN"/loaded/*; do [ -n "$id" ] && [ "$(cat "$old" 2>/dev/null)" != "$tar" ] || rm -f "$old"; done
    [ -z "$id" ] || echo "$tar" > "$RUN/loaded/$id"
    say "loaded $image on ${NODES[*]}"
  done
}

load_archive() {
  local work node pid importing=()
  work=$(mktemp -d "$RUN/load.XXXXXX")
  thin_archive "$1" "$work"
  for node in "${NODES[@]}"; do
    node_ctr "$node" images import "$work/thin.tar" > "$work/$node.log" 2>&1 & importing+=($!)
  done
  for pid in "${importing[@]}"; do wait "$pid" || die "loading $1 failed: $(cat "$work"/*.log)"; done
  rm -rf "$work"
}

# thin_archive DOCKER-ARCHIVE FOLDER: FOLDER/thin.tar, an OCI archive of the same image without the layers that all nodes have.
# A docker-archive's layers are not compressed, so a layer's digest is the one that its config names (diff_id).
thin_archive() {
  local tar=$1 blobs=$2/image/blobs/sha256 name config_file config digest layers=() i=0 node
  mkdir -p "$blobs"
  tar -xOf "$tar" manifest.json > "$2/manifest.json"
  name=$(jq -r '.[0].RepoTags[0]' "$2/manifest.json")
  config_file=$(jq -r '.[0].Config' "$2/manifest.json")
  tar -xOf "$tar" "$config_file" > "$2/config.json"
  config=$(add_blob "$2/config.json" application/vnd.oci.image.config.v1+json "$blobs")
  for node in "${NODES[@]}"; do node_ctr "$node" content ls -q; done | sort | uniq -c | awk -v all=${#NODES[@]} '$1 == all {print $2}' > "$2/present"
  while read -r digest; do
    if grep -qxF "$digest" "$2/present"; then
      layers+=("$(jq -nc --arg d "$digest" --argjson s "$(layer_size "$digest")" '{mediaType: "application/vnd.oci.image.layer.v1.tar", digest: $d, size: $s}')")
    else
      tar -xOf "$tar" "$(jq -r ".[0].Layers[$i]" "$2/manifest.json")" > "$2/layer"
      layers+=("$(add_blob "$2/layer" application/vnd.oci.image.layer.v1.tar "$blobs")")
    fi
    i=$((i + 1))
  done < <(jq -r '.rootfs.diff_ids[]' "$2/config.json")
  printf '%s\n' "${layers[@]}" | jq -s --argjson config "$config" \
    '{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json", config: $config, layers: .}' > "$2/oci.json"
  add_blob "$2/oci.json" application/vnd.oci.image.manifest.v1+json "$blobs" |
    jq --arg name "$name" '{schemaVersion: 2, manifests: [. + {annotations: {"io.containerd.image.name": $name}}]}' > "$2/image/index.json"
  echo '{"imageLayoutVersion": "1.0.0"}' > "$2/image/oci-layout"
  tar -C "$2/image" -cf "$2/thin.tar" oci-layout index.json blobs
}

# add_blob FILE TYPE FOLDER: moves it there under its digest, prints its descriptor
add_blob() {
  local sum size
  sum=$(sha256sum "$1" | cut -d' ' -f1)
  size=$(stat -c %s "$1")
  mv "$1" "$3/$sum"
  [ "$2" != application/vnd.oci.image.config.v1+json ] || ln "$3/$sum" "$1"
  printf '{"mediaType":"%s","digest":"sha256:%s","size":%s}\n' "$2" "$sum" "$size"
}

layer_size() { stat -c %s "$RUN/${NODES[0]}/containerd/io.containerd.content.v1.content/blobs/sha256/${1#sha256:}"; }
