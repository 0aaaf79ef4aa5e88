/** Handlers of the agents' API that answer something, and remember what they were asked. */
import type { Readable } from 'node:stream';
import type { BackupHandler, PeerHandlers } from '../../../src/agent/api/types.js';

export function newHandlers(): jest.Mocked<PeerHandlers> {
  return {
    status: jest.fn(() => ({ role: 'standby', lsn: 0x16_b374_d848n })),
    wake: jest.fn(),
    wal: jest.fn(async (): Promise<Readable | null> => null),
    backup: jest.fn<ReturnType<BackupHandler>, Parameters<BackupHandler>>(() => ({ refused: 'not here' })),
    candidates: jest.fn(() => ({ candidates: [] })),
    switchover: jest.fn((): ReturnType<PeerHandlers['switchover']> => Promise.resolve({ ok: true })),
    audit: jest.fn(),
  };
}
