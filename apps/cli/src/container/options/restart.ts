// When a container is started again by itself.
import type { RestartPolicy } from '@berth/proto/container';
import { CliError } from '../../cli-error.ts';
import type { Options, OptionValues } from '../../options/option.ts';

export const RESTART_OPTIONS = {
  restart: {
    kind: 'string',
    help: 'Restart policy to apply when a container exits',
    defaultText: '"no"',
  },
} as const satisfies Options;

type RestartOptions = OptionValues<typeof RESTART_OPTIONS> & { readonly rm?: boolean };

/** `no`, `on-failure[:max-retries]`, `always` or `unless-stopped`, as docker/cli reads it; absent when it was not given. */
export function restartPolicy({ restart, rm }: RestartOptions): RestartPolicy | undefined {
  if (restart === undefined || restart === '') return undefined;
  const [name = '', count, ...rest] = restart.split(':');
  if (rest.length > 0) throw new CliError('invalid restart policy format: more than one colon', 125);
  if (count !== undefined && name === '') {
    throw new CliError('invalid restart policy format: no policy provided before colon', 125);
  }
  if (count !== undefined && !/^[+-]?\d+$/.test(count)) {
    throw new CliError('invalid restart policy format: maximum retry count must be an integer', 125);
  }
  const maximumRetryCount = Number(count ?? 0);
  if (maximumRetryCount < 0) {
    throw new CliError('invalid restart policy: maximum retry count cannot be negative', 125);
  }
  if (rm && name !== 'no') throw new CliError('conflicting options: cannot specify both --restart and --rm', 125);
  return { name, maximumRetryCount };
}
