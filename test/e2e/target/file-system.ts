/** A file system of its own under one volume of the test cluster, whose volumes are otherwise folders without a size. */
import { mkdirSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { output } from '../harness/run';

export interface FileSystem {
  /** Fills it with a file of somebody else's, until so much is left. */
  fill(leavingMebibytes: number): Promise<void>;
  /** That file is gone. */
  free(): Promise<void>;
  /** Nothing may use it: a machine within a machine may lack CAP_SYS_RESOURCE, without which ext4 does not grow while it is mounted. */
  grow(toMebibytes: number): Promise<void>;
  /** Its files go back into the folder. Nothing may use it. */
  remove(): Promise<void>;
}

const MEBIBYTE = 1024 * 1024;
const shell = (script: string, ...args: string[]) => output(['sh', '-euc', script, ...args]);

/** The kubelet's own mounts of it go a little after the pod; while one is there, the file system is alive and the image must be left alone. */
const DETACH = `
  if mountpoint -q "$1"; then umount "$1"; fi
  for try in $(seq 100); do [ -n "$(losetup --associated "$0")" ] || exit 0; sleep 0.2; done
  echo "$0 is still in use" >&2; exit 1`;

/** `folder`: one that nobody uses now, whose files move into it. */
export async function makeFileSystem(folder: string, mebibytes: number): Promise<FileSystem> {
  const image = `${folder}.image`;
  const aside = `${folder}.aside`;
  const ballast = `${folder}/ballast`;
  const sized = (amount: number) => truncateSync(image, amount * MEBIBYTE);
  writeFileSync(image, '');
  sized(mebibytes);
  await output(['mkfs.ext4', '-q', '-m', '0', image]);
  mkdirSync(aside);
  await shell('chown --reference="$0" "$1"; chmod --reference="$0" "$1"; find "$0" -mindepth 1 -maxdepth 1 -exec mv -t "$1" {} +; mount -o loop "$2" "$0"; rmdir "$0/lost+found"', folder, aside, image);
  await shell('cp -a "$0/." "$1"; rm -r "$0"', aside, folder);
  return {
    fill: async (leaving) => {
      const { bavail, bsize } = statfsSync(folder);
      await output(['fallocate', '--length', String(bavail * bsize - leaving * MEBIBYTE), ballast]);
    },
    free: async () => rmSync(ballast, { force: true }),
    grow: async (amount) => {
      await shell(DETACH, image, folder);
      sized(amount);
      await shell('e2fsck -fp "$0" >/dev/null || [ $? = 1 ]; resize2fs "$0"; mount -o loop "$0" "$1"', image, folder);
    },
    remove: async () => {
      rmSync(ballast, { force: true });
      await shell('mkdir -p "$1"; if mountpoint -q "$0"; then cp -a "$0/." "$1"; fi', folder, aside);
      await shell(DETACH, image, folder);
      await shell('find "$1" -mindepth 1 -maxdepth 1 -exec mv -t "$0" {} +; rmdir "$1"; rm "$2"', folder, aside, image);
    },
  };
}
