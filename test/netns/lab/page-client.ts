// Looks at the page from a namespace of the lab, as friends and as enemies do. Run as a program there: `node page-client.ts VERB ...`;
// each finding is one line on standard output. Must not know drills, nor how the page is made.
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';

const PORT = 9112;
const HOST = '127.0.0.1';

export interface Question {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Asked {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly took: number;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function ask(method: string, path: string, headers: Readonly<Record<string, string>>): Promise<Asked> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const asked = request({ host: HOST, port: PORT, method, path, headers, agent: false, timeout: 10_000 }, response => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body, took: performance.now() - began }),
      );
      response.on('error', reject);
    });
    asked.on('timeout', () => asked.destroy(new Error('timeout')));
    asked.on('error', reject);
    asked.end();
  });
}

/** The lights of the routers in a page, or in an update of it. */
function lights(html: string): string {
  const found = [...html.matchAll(/class="badge (\w+)"/g)].map(([, light]) => light);
  return `${/has not answered/.test(html) ? 'silent' : 'answers'} ${found.join(' ')}`;
}

/** Every update of the stream, and its end. */
function watch(): void {
  const asked = request({ host: HOST, port: PORT, path: '/events', agent: false }, response => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const messages = text.split('\n\n');
      text = messages.pop() ?? '';
      for (const message of messages) if (message.startsWith('event: view')) say(`view ${lights(message)}`);
    });
    response.on('close', () => say('ended'));
    response.on('error', () => {});
  });
  asked.on('error', () => say('refused'));
  asked.end();
}

/** The page, again and again. */
async function poll(everyMs: number): Promise<never> {
  for (;;) {
    const page = await ask('GET', '/', {}).then(
      ({ body, took }) => `page ${Math.round(took)} ${lights(body)}`,
      () => 'nothing',
    );
    say(page);
    await new Promise(resolve => setTimeout(resolve, everyMs));
  }
}

/** Opens so many connections and says nothing on them; meanwhile somebody asks for the page. */
async function idle(count: number, forMs: number): Promise<void> {
  const open = new Set<Socket>();
  let most = 0;
  const end = performance.now() + forMs;
  let opened = 0;
  const more = setInterval(() => {
    for (let i = 0; i < 100 && opened < count; i += 1) {
      opened += 1;
      const socket = connect(PORT, HOST);
      socket.on('error', () => {});
      socket.on('connect', () => {
        open.add(socket);
        most = Math.max(most, open.size);
      });
      socket.on('close', () => open.delete(socket));
      socket.resume();
    }
  }, 20);
  let answered = 0;
  let refused = 0;
  let slowest = 0;
  while (performance.now() < end) {
    await ask('GET', '/metrics', {}).then(
      ({ status, took }) => {
        if (status === 200) answered += 1;
        else refused += 1;
        slowest = Math.max(slowest, took);
      },
      () => {
        refused += 1;
      },
    );
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  clearInterval(more);
  say(`idle ${JSON.stringify({ opened, most, left: open.size, answered, refused, slowest: Math.round(slowest) })}`);
  for (const socket of open) socket.destroy();
}

/** A request of so many bytes; how many were taken. */
function large(bytes: number): Promise<void> {
  return new Promise(resolve => {
    const socket = connect(PORT, HOST);
    let text = '';
    socket.setEncoding('utf8').on('data', chunk => {
      text += chunk;
    });
    const block = Buffer.alloc(1 << 16, 'x');
    let sent = 0;
    const push = (): void => {
      while (sent < bytes && !socket.destroyed) {
        sent += block.length;
        if (!socket.write(block)) return;
      }
    };
    socket.on('error', () => {});
    socket.on('drain', push);
    socket.on('close', () => {
      say(`large ${JSON.stringify({ sent, status: /^HTTP\/1.1 (\d+)/.exec(text)?.[1] ?? null })}`);
      resolve();
    });
    socket.write(`POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: ${bytes}\r\n\r\n`);
    push();
  });
}

/** So many who open the stream and never read it. */
function slow(count: number): void {
  for (let i = 0; i < count; i += 1) {
    const socket = connect(PORT, HOST, () => socket.write(`GET /events HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`));
    socket.pause();
    socket.on('error', () => {});
  }
}

const [verb, ...args] = process.argv.slice(2);
switch (verb) {
  // One line for each question of a list.
  case 'ask':
    for (const { method = 'GET', path, headers = {} } of JSON.parse(args[0] ?? '[]') as readonly Question[])
      await ask(method, path, headers).then(
        found => say(`asked ${JSON.stringify(found)}`),
        (error: unknown) => say(`failed ${String(error)}`),
      );
    break;
  case 'watch':
    watch();
    break;
  case 'poll':
    await poll(Number(args[0]));
    break;
  case 'idle':
    await idle(Number(args[0]), Number(args[1]));
    break;
  case 'large':
    await large(Number(args[0]));
    break;
  case 'slow':
    slow(Number(args[0]));
    break;
}
