import type { IsolationConfig } from '../isolation.ts';

/** Capabilities whose system calls the default filter refuses all the same. Docker's filter lets them through with the capability. */
const FILTERED = [
  'BPF',
  'DAC_READ_SEARCH',
  'PERFMON',
  'SYSLOG',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_MODULE',
  'SYS_NICE',
  'SYS_PACCT',
  'SYS_PTRACE',
  'SYS_RAWIO',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
];

/** What a user should know who adds capabilities and keeps the default filter; null when there is nothing. */
export function seccompWarning({ capabilitiesAdd, privileged, seccompProfile }: IsolationConfig): string | null {
  if (privileged || seccompProfile !== '') return null;
  const held = capabilitiesAdd.includes('ALL')
    ? ['ALL']
    : capabilitiesAdd.filter((name) => FILTERED.includes(name.replace(/^CAP_/, '')));
  if (held.length === 0) return null;
  return (
    `The default seccomp filter does not change with added capabilities (${held.join(', ')}): it still refuses their system calls. ` +
    'Use --security-opt seccomp=unconfined to allow them.'
  );
}
