import type { Construct } from 'constructs';
import { OWN_COMMON_NAMES } from './contract';
import type { ClientTlsSpec } from './contract';
import type { UserOptions } from './databases';
import { refuse } from './validation';

/**
 * What applications must do about TLS, at PostgreSQL and at the pooler. Passwords are proven by SCRAM and never sent, whatever it says. Replication,
 * pgBackRest, the agents, the exporter and the pooler's own way to PostgreSQL use verified TLS always.
 */
export enum ClientTls {
  /**
   * They come without it: the connection Secrets say `sslmode=disable`, and the pooler does not offer it. Whoever is on the way reads along.
   * PostgreSQL still speaks TLS to those who begin with it, because replicas and pooler do.
   */
  DISABLE = 'disable',
  /** They may come without it. The connection Secrets go on to ask for it. */
  ALLOW = 'allow',
  /** They come with it, and prove who they are by their password. */
  REQUIRE = 'require',
  /**
   * They come with it and show a certificate of the cluster's own authority besides their password. Each user's is in the connection Secret, as
   * `tls.crt` and `tls.key`, and is renewed there. Its name is the user's, but any user's will do: who is meant, the password says. Rules of `hba`
   * with HbaMethod.CERT ask for the name as well, of those who do not come through the pooler.
   */
  VERIFY = 'verify',
}

/** Spelt out, the default changes nothing. */
export function clientTlsSpec(scope: Construct, users: readonly UserOptions[], tls: ClientTls = ClientTls.REQUIRE): ClientTlsSpec | undefined {
  if (!Object.values(ClientTls).includes(tls)) refuse(scope, 'tls', `is "${tls}"`, 'use one of ClientTls');
  if (tls === ClientTls.VERIFY) {
    users.forEach(({ name }, index) => {
      if (OWN_COMMON_NAMES.test(name)) {
        refuse(scope, `users[${index}].name`, `is "${name}", and a certificate of such a name would be one of the agents\'`, 'choose another name, or leave ClientTls.VERIFY out');
      }
    });
  }
  return tls === ClientTls.REQUIRE ? undefined : tls;
}
