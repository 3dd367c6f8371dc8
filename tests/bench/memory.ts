import { readdirSync, readFileSync } from 'node:fs';

/** Resident bytes of every renderer among this process's descendants (Linux; 0 elsewhere). */
const rendererBytes = (): number => {
  const processes = new Map<number, { parent: number; resident: number; command: string }>();
  try {
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
        // Shared pages are counted too: the voxels are shared memory.
        const resident = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096;
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        processes.set(pid, { parent, resident, command });
      } catch {
        // It ended while it was looked at.
      }
    }
  } catch {
    return 0;
  }
  const isOurs = (pid: number): boolean => {
    for (let at = pid; at > 1; at = processes.get(at)?.parent ?? 0)
      if (at === process.pid) return true;
    return false;
  };
  let sum = 0;
  for (const [pid, { resident, command }] of processes) {
    if (command.includes('--type=renderer') && isOurs(pid)) sum += resident;
  }
  return sum;
};

/** Watches the renderers' memory; `stop` gives the peak in bytes above what it was at the start. */
export const watchMemory = () => {
  const before = rendererBytes();
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, rendererBytes())), 50);
  return {
    stop: () => {
      clearInterval(timer);
      return peak - before;
    },
  };
};
