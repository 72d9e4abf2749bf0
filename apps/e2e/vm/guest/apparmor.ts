import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { berth, engine, sh } from './engine.ts';

const CURRENT = '/proc/self/attr/current';
/** As root of a container that may mount, with nothing of /proc protected: what AppArmor alone is in the way of. */
const MAY_MOUNT = ['--cap-add', 'SYS_ADMIN', '--security-opt', 'systempaths=unconfined'];
const TRY = 'mkdir /m; mount -t tmpfs none /m && echo mounted; echo 3 >/proc/sys/vm/drop_caches && echo written';

/** Gives the guest's kernel a profile, or takes it away. */
function parse(action: '--replace' | '--remove', text: string): void {
  execFileSync('apparmor_parser', [action, '--skip-cache', '--quiet'], { input: text });
}

test('a container and its execs are confined by the profile of the engine', async () => {
  await berth('run', '-d', '--name', 'confined', '--security-opt', 'no-new-privileges', 'busybox', 'sleep', '100');
  assert.equal(await berth('exec', 'confined', 'cat', '/proc/1/attr/current', CURRENT), confinedBy('berth-default', 2));
  assert.equal(await berth('exec', '--privileged', 'confined', 'cat', CURRENT), confinedBy('berth-default'));
  assert.equal(await berth('inspect', '--format', '{{.AppArmorProfile}}', 'confined'), 'berth-default');
  assert.match(await berth('info'), /^ Security Options:\n  apparmor\n  seccomp\n   Profile: builtin\n  cgroupns\n/m);
  await berth('kill', 'confined');
  await berth('rm', 'confined');
});

test('what capabilities allow and the profile does not, is denied; not so when the user wants no profile', async () => {
  const denied = await sh(TRY, ...MAY_MOUNT);
  assert.deepEqual([denied.stdout, denied.code], ['', 1]);
  assert.match(denied.stderr, /mounting none on \/m failed: Permission denied\n.*drop_caches: Permission denied\n/);
  const unconfined = await sh(`${TRY}; cat ${CURRENT}`, ...MAY_MOUNT, '--security-opt', 'apparmor=unconfined');
  assert.equal(unconfined.stdout, 'mounted\nwritten\nunconfined\n', unconfined.stderr);
  const privileged = await sh(`cat ${CURRENT}; echo x >/proc/1/attr/current`, '--privileged');
  assert.equal(privileged.stdout, 'unconfined\n');
});

test('a profile that the user names confines a container and its execs', async () => {
  parse(
    '--replace',
    'profile mine flags=(attach_disconnected) { file, signal, capability, network, deny /secret rwklx, }',
  );
  await berth('run', '-d', '--name', 'named', '--security-opt', 'apparmor=mine', 'busybox', 'sleep', '100');
  assert.equal(await berth('exec', 'named', 'cat', '/proc/1/attr/current', CURRENT), confinedBy('mine', 2));
  assert.equal(await berth('inspect', '--format', '{{.AppArmorProfile}}', 'named'), 'mine');
  const { code, stderr } = await engine().berth(['exec', 'named', 'touch', '/secret']);
  assert.equal(code, 1);
  assert.match(stderr, /\/secret: Permission denied/);
  await berth('rm', '-f', 'named');
});

test('a profile that the host does not have is refused before the container runs', async () => {
  const options = ['--name', 'absent', '--security-opt', 'apparmor=absent'];
  const { code, stderr } = await engine().berth(['run', ...options, 'busybox', 'true']);
  assert.equal(code, 127);
  assert.match(
    stderr,
    /apparmor failed to apply profile: write \S+\/attr\/apparmor\/exec: no such file or directory\n/,
  );
  assert.equal(await berth('inspect', '--format', '{{.State.Status}}', 'absent'), 'created');
  await berth('rm', 'absent');
});

test('the profile of the engine is loaded again when somebody has unloaded it', async () => {
  parse('--remove', 'profile berth-default {}');
  assert.equal((await sh(`cat ${CURRENT}`)).stdout.trim(), confinedBy('berth-default'));
});

/** What attr/current says, so often. */
function confinedBy(profile: string, times = 1): string {
  return Array.from({ length: times }, () => `${profile} (enforce)`).join('\n');
}
