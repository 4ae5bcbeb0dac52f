// The part of raw-socket that we use: sending. It brings no types of its own.
declare module 'raw-socket' {
  export interface Socket {
    on(event: 'error', listener: (error: Error) => void): this;
    on(event: 'close', listener: () => void): this;
    /** @throws Error with the kernel's word as message */
    setOption(level: number, option: number, value: number | Buffer, length?: number): void;
    pauseRecv(): this;
    /** Sends when the socket is writable, with `before` called just before; `after` gets what sendto(2) said, or what `before` threw. */
    send(
      buffer: Buffer,
      offset: number,
      length: number,
      address: string,
      before: () => void,
      after: (error: Error | null, bytes: number) => void,
    ): this;
    close(): this;
  }
  export const AddressFamily: { readonly IPv4: number; readonly IPv6: number };
  export function createSocket(options: { protocol: number; addressFamily: number; bufferSize?: number }): Socket;
}
