// A program: asks several addresses for a page every few milliseconds, each time over a new connection, and prints what became of it.
// Must not know what happens on the network. Arguments: ms between requests, ms of patience, addresses.
// A line of output for each request when it is over: instant of sending and of the end (µs, CLOCK_MONOTONIC), address, the first
// word of the page or `!` and why there is none.
import { connect } from 'node:net';
import { now } from '../../netns/lab/clock.ts';

const [every = '10', patience = '250', ...addresses] = process.argv.slice(2);
let lines = '';

function request(address: string): void {
  const sent = now();
  let text = '';
  let over = false;
  const end = (what: string) => {
    if (over) return;
    over = true;
    clearTimeout(limit);
    socket.destroy();
    lines += `${sent} ${now()} ${address} ${what}\n`;
  };
  const socket = connect({ host: address, port: 80 });
  // Of the whole request: a connection that trickles is none.
  const limit = setTimeout(() => end('!timeout'), Number(patience));
  socket.setEncoding('latin1');
  socket.on('connect', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
  socket.on('data', (piece: string) => {
    text += piece;
  });
  socket.on('end', () => {
    const page = /^HTTP\/1\.. 200 [\s\S]*?\r\n\r\n([\w.-]+)/.exec(text)?.[1];
    end(page ?? (text === '' ? '!cut' : '!status'));
  });
  socket.on('error', (error: NodeJS.ErrnoException) => end(`!${error.code ?? 'error'}`));
}

process.stdout.on('error', () => process.exit(0));

// Due by the clock: a late turn makes up for what it missed, so that the rate is what was asked for. But not for a long stall: a
// thousand requests in one moment measure nothing.
let due = now();
setInterval(() => {
  const at = now();
  if (at - due > 100_000) due = at;
  for (; due <= at; due += Number(every) * 1000) for (const address of addresses) request(address);
  if (lines === '') return;
  process.stdout.write(lines);
  lines = '';
}, 1);
