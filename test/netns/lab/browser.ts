// Looks at the page with a real browser, Chromium without a window, by its DevTools protocol. Run as a program in a namespace of the lab:
// `node browser.ts FOLDER STEPS`; each step says one line of JSON. Must not know drills, nor what the page should show.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Step {
  readonly name: string;
  readonly url: string;
  readonly width: number;
  readonly height: number;
  readonly dark?: boolean;
  /** Without scripts. */
  readonly plain?: boolean;
  /** Looks when this is true, at the latest after 20 s. */
  readonly when: string;
  /** What is asked of the page then. */
  readonly ask: string;
}

export interface Looked {
  readonly name: string;
  readonly found: unknown;
  /** Whatever the browser complained about. */
  readonly complaints: readonly string[];
}

interface Reply {
  readonly id?: number;
  readonly method?: string;
  readonly params?: {
    readonly entry?: { readonly text: string; readonly url?: string };
    readonly exceptionDetails?: { readonly text: string };
  };
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

const [folder = '', steps = '[]'] = process.argv.slice(2);
const browser = spawn(
  'chromium',
  [
    ...['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-extensions'],
    ...['--disable-background-networking', '--remote-debugging-port=0', `--user-data-dir=${join(folder, 'chromium')}`, 'about:blank'],
  ],
  { stdio: ['ignore', 'ignore', 'pipe'] },
);
process.on('exit', () => browser.kill('SIGKILL'));

const address = await new Promise<string>((resolve, reject) => {
  let text = '';
  browser.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    const [, found] = /DevTools listening on (ws:\S+)/.exec(text) ?? [];
    if (found !== undefined) resolve(found);
  });
  browser.on('exit', () => reject(new Error(text)));
});
const { host } = new URL(address);
const targets = (await (await fetch(`http://${host}/json`)).json()) as readonly {
  readonly type: string;
  readonly webSocketDebuggerUrl: string;
}[];
const tab = new WebSocket(targets.find(({ type }) => type === 'page')?.webSocketDebuggerUrl ?? '');
await new Promise(resolve => tab.addEventListener('open', resolve));

let asked = 0;
const waiting = new Map<number, (reply: Reply) => void>();
let complaints: string[] = [];
tab.addEventListener('message', ({ data }) => {
  const reply = JSON.parse(String(data)) as Reply;
  if (reply.id !== undefined) waiting.get(reply.id)?.(reply);
  else if (reply.method === 'Log.entryAdded') complaints.push(`${reply.params?.entry?.text} ${reply.params?.entry?.url ?? ''}`);
  else if (reply.method === 'Runtime.exceptionThrown') complaints.push(reply.params?.exceptionDetails?.text ?? 'exception');
});

function tell(method: string, params: object = {}): Promise<Readonly<Record<string, unknown>>> {
  asked += 1;
  const id = asked;
  return new Promise((resolve, reject) => {
    waiting.set(id, ({ result = {}, error }) => (error === undefined ? resolve(result) : reject(new Error(`${method}: ${error.message}`))));
    tab.send(JSON.stringify({ id, method, params }));
  });
}

async function evaluate(expression: string): Promise<unknown> {
  const { result } = (await tell('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true })) as {
    result?: { value?: unknown };
  };
  return result?.value;
}

await Promise.all(['Page.enable', 'Runtime.enable', 'Log.enable'].map(domain => tell(domain)));
let at = '';
for (const { name, url, width, height, dark = false, plain = false, when, ask } of JSON.parse(steps) as readonly Step[]) {
  await tell('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 600 });
  await tell('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }] });
  await tell('Emulation.setScriptExecutionDisabled', { value: plain });
  if (url !== at || plain) {
    complaints = [];
    await tell('Page.navigate', { url });
  }
  at = plain ? '' : url;
  const end = performance.now() + 20_000;
  while (performance.now() < end && (await evaluate(when)) !== true) await new Promise(resolve => setTimeout(resolve, 50));
  const found = await evaluate(ask);
  const { data } = (await tell('Page.captureScreenshot', { format: 'png' })) as { data: string };
  writeFileSync(join(folder, `${name}.png`), Buffer.from(data, 'base64'));
  process.stdout.write(`looked ${JSON.stringify({ name, found, complaints } satisfies Looked)}\n`);
}
process.exit(0);
