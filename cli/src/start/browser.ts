import { spawn } from 'node:child_process';

/** Whether a browser window can be expected to appear. */
export function canOpenBrowser(env: NodeJS.ProcessEnv = process.env): boolean {
  if (!process.stdout.isTTY || env.CI || env.SSH_CONNECTION) {
    return false;
  }
  return process.platform !== 'linux' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
}

/** Opens the system's browser; where there is none, the printed URL is enough. */
export function openBrowser(url: string): void {
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['cmd', '/c', 'start', '', url]
        : ['xdg-open', url];
  const child = spawn(command, args, { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}
