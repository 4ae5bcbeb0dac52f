// A program: asks for a page every few milliseconds, each time over a new connection, and prints who answered and when.
// Must not know what happens on the network. Arguments: address, milliseconds between requests.
// Each line of output: the instant of the answer (µs, CLOCK_MONOTONIC) and the page, which is the name of a node.
import { connect } from 'node:net';
import { now } from './clock.ts';

const [address = '', every = '5'] = process.argv.slice(2);
/** A request that takes longer is given up: a new one is quicker than TCP's own second try, which comes after a second. */
const PATIENCE = 250;

function request(): void {
  const socket = connect({ host: address, port: 80, timeout: PATIENCE });
  let text = '';
  socket.setEncoding('latin1');
  socket.on('connect', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
  socket.on('data', (piece: string) => {
    text += piece;
  });
  socket.on('end', () => {
    const page = /^HTTP\/1\.. 200 [\s\S]*?\r\n\r\n(\S+)/.exec(text)?.[1];
    if (page !== undefined) process.stdout.write(`${now()} ${page}\n`);
  });
  socket.on('timeout', () => socket.destroy());
  socket.on('error', () => socket.destroy());
}

process.stdout.on('error', () => process.exit(0));
setInterval(request, Number(every));
