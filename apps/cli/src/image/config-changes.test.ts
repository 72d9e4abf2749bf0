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
])('%j', (changes, config) => {
  expect(applyChanges(changes)).toEqual(config);
});

test.each([
  [['RUN ls'], 'RUN is not a valid change command'],
  [['CMD'], 'CMD requires at least one argument'],
  [['EXPOSE x'], 'invalid containerPort: x'],
  [['ENV A'], 'ENV must have two arguments'],
  [['LABEL a=b c'], `can't find = in "c"`],
])('%j is refused', (changes, message) => {
  expect(() => applyChanges(changes)).toThrow(message);
});
