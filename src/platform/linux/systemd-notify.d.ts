// systemd-notify brings no types of its own.
declare module 'systemd-notify' {
  /** Runs systemd-notify(1). @param options.pid becomes MAINPID: our own unless given */
  export default function notify(options: { ready?: boolean; status?: string; pid?: number }): Promise<unknown>;
}
