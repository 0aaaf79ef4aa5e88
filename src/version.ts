/**
 * A version of PostgreSQL.
 */
export class PostgresVersion {
  /** PostgreSQL 17, newest minor version of the image's tag. */
  public static readonly V17 = PostgresVersion.of('17');

  /**
   * Any version.
   *
   * @param version the major version, or major and minor, like `17` or `17.6`
   */
  public static of(version: string): PostgresVersion {
    if (!/^\d{2}(\.\d+)?$/.test(version)) {
      throw new Error(`PostgresVersion.of() takes a version like "17" or "17.6", got "${version}"`);
    }
    return new PostgresVersion(version);
  }

  /** As given, like `17.6`. */
  public readonly version: string;
  /** The major version, like `17`. Data directories are compatible within one. */
  public readonly major: string;

  private constructor(version: string) {
    this.version = version;
    this.major = version.split('.')[0];
  }
}
