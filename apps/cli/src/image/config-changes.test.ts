import { expect, test } from '@jest/globals';
import { applyChanges } from './config-changes.ts';

test.each([
  [['CMD ["sh", "-c", "x"]'], { Cmd: ['sh', '-c', 'x'] }],
  [['cmd echo $HOME'], { Cmd: ['/bin/sh', '-c', 'echo $HOME'] }],
  [['ENTRYPOINT ["/e"]'], { Entrypoint: ['/e'] }],
  [['ENV A=1 B="two words" C=a\\ b'], { Env: ['A=1', 'B=two words', 'C=a b'] }],
  [['ENV A one two'], { Env: ['A=one two'] }],
  [['ENV A=1', 'ENV A=2'], { Env: ['A=2'] }],
  [['EXPOSE 80 53/udp'], { ExposedPorts: { '80/tcp': {}, '53/udp': {} } }],
  [['LABEL a=b "c d"=\'e f\''], { Labels: { a: 'b', 'c d': 'e f' } }],
  [['VOLUME /a /b', 'VOLUME ["/c d"]'], { Volumes: { '/a': {}, '/b': {}, '/c d': {} } }],
  [['WORKDIR /w', 'USER me:us', 'STOPSIGNAL INT'], { WorkingDir: '/w', User: 'me:us', StopSignal: 'INT' }],
  [['WORKDIR /w', 'WORKDIR sub'], { WorkingDir: '/w/sub' }],
  [['ONBUILD RUN a', 'ONBUILD COPY b c'], { OnBuild: ['RUN a', 'COPY b c'] }],
  [['HEALTHCHECK NONE'], { Healthcheck: { Test: ['NONE'] } }],
  [
    ['HEALTHCHECK --interval=1m30s --retries=2 CMD curl -f localhost'],
    { Healthcheck: { Test: ['CMD-SHELL', 'curl -f localhost'], Interval: 90e9, Retries: 2 } },
  ],
  [['healthcheck cmd ["/check"]'], { Healthcheck: { Test: ['CMD', '/check'] } }],
  [['EXPOSE 80-82 $NONE'], { ExposedPorts: { '80/tcp': {}, '81/tcp': {}, '82/tcp': {} } }],
  [['# a comment\nUSER a\n\nUSER \\\nb'], { User: 'b' }],
  [["ENV A='$X' B=\\$X C=$X.${Y:-y}${Z:+z}"], { Env: ['A=$X', 'B=$X', 'C=.y'] }],
])('%j', (changes, config) => {
  expect(applyChanges(changes)).toEqual(config);
});

test('instructions go by what the container has', () => {
  const base = { Env: ['PATH=/bin', 'A=a b', 'E='], WorkingDir: '/work' };
  const changes = ['ENV PATH=/opt:$PATH B="$A"/${E:-e}${E-f}', 'WORKDIR $B', 'LABEL $A=${B:+set}', 'USER ${A}'];
  expect(applyChanges(changes, base)).toEqual({
    Env: ['PATH=/opt:/bin', 'A=a b', 'E=', 'B=a b/e'],
    WorkingDir: '/work/a b/e',
    Labels: { 'a b': 'set' },
    User: 'a b',
  });
});

test.each([
  [['RUN ls'], 'RUN is not a valid change command'],
  [['CMD'], 'CMD requires at least one argument'],
  [['EXPOSE x'], 'invalid containerPort: x'],
  [['ENV A'], 'ENV must have two arguments'],
  [['ENV =a'], 'ENV names can not be blank'],
  [["ENV A=it's"], 'unexpected end of statement while looking for matching single-quote'],
  [['EXPOSE 70000'], 'invalid containerPort: 70000'],
  [['# a'], 'file with no instructions'],
  [['HEALTHCHECK RUN x'], 'Unknown type "RUN" in HEALTHCHECK (try CMD)'],
  [['HEALTHCHECK --interval=1us CMD x'], 'Interval "interval" cannot be less than 1ms'],
  [['HEALTHCHECK --often CMD x'], 'Unknown type "--OFTEN" in HEALTHCHECK (try CMD)'],
  [['ONBUILD ONBUILD RUN x'], "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"],
  [['LABEL a=b c'], `can't find = in "c"`],
])('%j is refused', (changes, message) => {
  expect(() => applyChanges(changes)).toThrow(message);
});
