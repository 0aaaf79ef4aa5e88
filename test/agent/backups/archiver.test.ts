import { parsePrinted } from '../../../src/agent/backups/info.js';
import { errorsIn, isPgBackRestError } from '../../../src/agent/backups/pgbackrest.js';

test('why the archive takes nothing is told in pgBackRest\'s words, never in those of a client\'s failed statement', () => {
  const pgBackRest = '2026-01-02 03:04:05.678 P00  ERROR: [103]: unable to find a valid repository:';
  expect(isPgBackRestError(pgBackRest)).toBe(true);
  expect(errorsIn(pgBackRest)).toBe('ERROR: [103]: unable to find a valid repository:');
  for (const line of [
    '2026-01-02 03:04:05.678 UTC [47] app@orders ERROR:  duplicate key value violates unique constraint "users_email_key"',
    '2026-01-02 03:04:05.678 UTC [47] app@orders ERROR:  [103]: raised by a client',
    'P00   WARN: repo1: [HostConnectError]',
  ]) expect(isPgBackRestError(line)).toBe(false);
});

test('what pgBackRest prints is understood also where it quotes what a wrong passphrase makes of a file', () => {
  expect(parsePrinted('[{"status":{"message":"[CryptoError] unable to load \u0000\u0013\u007f\n info"}}]\n')).toEqual([{ status: { message: '[CryptoError] unable to load      info' } }]);
});
