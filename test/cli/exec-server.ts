/** The part of an API server that runs a command in a pod, over a WebSocket: as much of it as psql without a terminal needs. */
import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { ApiServer } from './api-server';

export const STDIN = 0;
export const STDOUT = 1;
export const STATUS = 3;
const CLOSE = 255;
const BINARY_FRAME = 0x82;

/** What the command does. `closed`: the client has told the end of its input, or has gone. */
export interface Command {
  readonly begins?: (say: (channel: number, text: string) => void) => void;
  readonly reads?: (text: string, say: (channel: number, text: string) => void) => void;
  readonly closed?: (say: (channel: number, text: string) => void) => void;
}

/** `newest`: the subprotocol that the server knows. */
export function runsCommand({ http }: ApiServer, newest: string, { begins, reads, closed }: Command): void {
  http.on('upgrade', ({ headers }, socket: Duplex) => {
    const accept = createHash('sha1').update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${newest}\r\n\r\n`);
    // RFC 6455, 5.2: a whole message, not masked, shorter than 64 KiB.
    const say = (channel: number, text: string) => {
      const message = Buffer.concat([Buffer.from([channel]), Buffer.from(text)]);
      socket.write(Buffer.concat([Buffer.from([BINARY_FRAME, 126, message.length >> 8, message.length & 255]), message]));
    };
    begins?.(say);
    let arrived = Buffer.alloc(0);
    socket.on('error', () => undefined).on('data', (chunk: Buffer) => {
      arrived = Buffer.concat([arrived, chunk]);
      for (let frame = firstFrame(arrived); frame !== null; frame = firstFrame(arrived)) {
        arrived = arrived.subarray(frame.size);
        if (frame.opcode === 8) socket.end();
        else if (frame.message[0] === CLOSE) closed?.(say);
        else if (frame.message[0] === STDIN) reads?.(frame.message.subarray(1).toString(), say);
      }
    });
  });
}

/** A client's frames are masked; short ones are enough. */
function firstFrame(bytes: Buffer): { readonly opcode: number; readonly message: Buffer; readonly size: number } | null {
  const length = bytes.length < 2 ? 0 : bytes[1] & 127;
  const size = 6 + length;
  if (bytes.length < size) return null;
  const mask = bytes.subarray(2, 6);
  return { opcode: bytes[0] & 15, message: bytes.subarray(6, size).map((byte, i) => byte ^ mask[i % 4]) as Buffer, size };
}
