import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { GuestFiles } from './build-disk.ts';

const MEMORY_MIB = 1536;
const PROCESSORS = 2;

/** The tests print this when they have come to their end. */
const ENDED = /^# the guest's tests ended with (\d+)$/;

export interface MachineOptions {
  readonly kernel: string;
  readonly files: GuestFiles;
  readonly timeoutMs: number;
  /** Gets each line of the guest's console. */
  onLine(line: string): void;
}

/** Boots the guest, and returns the exit code of its tests when it has ended; null when it never told it. */
export async function runMachine({ kernel, files, timeoutMs, onLine }: MachineOptions): Promise<number | null> {
  const machine = spawn('qemu-system-x86_64', machineArguments(kernel, files), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = () => machine.kill('SIGKILL');
  const timer = setTimeout(stop, timeoutMs);
  process.once('exit', stop);
  let code: number | null = null;
  const lines = createInterface({ input: machine.stdout });
  lines.on('line', (text) => {
    const line = text.replaceAll('\r', '');
    const [, ended] = ENDED.exec(line) ?? [];
    if (ended !== undefined) code = Number(ended);
    onLine(line);
  });
  await Promise.all([once(machine, 'close'), once(lines, 'close')]);
  clearTimeout(timer);
  process.off('exit', stop);
  return code;
}

/**
 * Processors in software, as a host often has no others to give. Not the smaller `microvm`: it has no clock but that of the processors, which the
 * kernel cannot measure while the host is busy, and then hangs.
 */
function machineArguments(kernel: string, { disks, initramfs }: GuestFiles): string[] {
  return [
    ...['-M', 'pc,usb=off,vmport=off', '-accel', 'tcg,thread=multi,tb-size=512', '-cpu', 'max'],
    ...['-m', `${MEMORY_MIB}M`, '-smp', String(PROCESSORS)],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-serial', 'stdio'],
    ...disks.flatMap((file, index) => [
      ...['-drive', `id=disk${index},file=${file},format=raw,if=none,cache=unsafe`],
      ...['-device', `virtio-blk-pci,drive=disk${index}`],
    ]),
    ...['-kernel', kernel, '-initrd', initramfs],
    ...[
      '-append',
      'console=ttyS0 loglevel=1 panic=-1 reboot=t edd=off mitigations=off random.trust_cpu=on cgroup_no_v1=all',
    ],
  ];
}
