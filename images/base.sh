# The base image for buildah, by the name that the Dockerfiles use, made from Debian's packages as Debian's own slim image is:
# no services started, no documentation, no translations, no package lists kept.
BASE=localhost/debian:trixie-slim   # "debian:trixie-slim" finds it, because local images come first

make_base() {
  own_buildah inspect --type image "$BASE" >/dev/null 2>&1 && return
  command -v debootstrap >/dev/null || die "debootstrap is missing: apt-get install debootstrap"
  local root=$CACHE/debian-trixie container
  rm -rf --one-file-system "$root"
  debootstrap --variant=minbase --include=ca-certificates trixie "$root" > "$CACHE/debootstrap.log" || { tail -5 "$CACHE/debootstrap.log" >&2; die "debootstrap failed"; }
  printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
  chmod 755 "$root/usr/sbin/policy-rc.d"
  printf 'path-exclude /usr/share/%s/*\n' man info locale groff lintian linda > "$root/etc/dpkg/dpkg.cfg.d/slim"
  printf 'path-exclude /usr/share/doc/*\npath-include /usr/share/doc/*/copyright\n' >> "$root/etc/dpkg/dpkg.cfg.d/slim"
  printf 'Acquire::Languages "none";\nAPT::Keep-Downloaded-Packages "false";\n' > "$root/etc/apt/apt.conf.d/slim"
  rm -rf "$root"/usr/share/{man,info,locale,groff,lintian,linda}/* "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/var/log/*
  find "$root/usr/share/doc" -type f ! -name copyright -delete
  container=$(own_buildah from scratch)
  own_buildah copy --quiet "$container" "$root" / > /dev/null
  own_buildah config --cmd '["bash"]' "$container"
  own_buildah commit --quiet --rm "$container" "$BASE" > /dev/null
  rm -rf --one-file-system "$root"
}
