import { expect, test } from '@jest/globals';
import { listCandidates, type Names } from './list-candidates.ts';

const NAMES: Names = {
  containers: () =>
    Promise.resolve([
      { name: 'web', state: 'running' },
      { name: 'job', state: 'exited' },
    ]),
  images: () => Promise.resolve(['nginx:latest', 'localhost:5000/app:v1']),
  networks: () => Promise.resolve(['bridge', 'back']),
  volumes: () => Promise.resolve(['data']),
};
const complete = async (line: string) => (await listCandidates(line.split(' '), NAMES)).map(({ word }) => word);

test.each([
  ['ima', ['images', 'image']],
  ['_', []],
  ['container sta', ['start', 'stats']],
  ['container run --pu', ['--pull', '--publish', '--publish-all']],
  ['run --pull ', ['always', 'missing', 'never']],
  ['run --pull=a', ['--pull=always']],
  ['run --network b', ['bridge', 'back']],
  ['run --rm -it ng', ['nginx:latest']],
  ['run --name web ', ['nginx:latest', 'localhost:5000/app:v1']],
  ['run -itp 80:80 localhost:5', ['localhost:5000/app:v1']],
  ['run nginx --pu', []],
  ['run nginx ', []],
  ['exec ', ['web']],
  ['exec -it ', ['web']],
  ['exec -u root ', ['web']],
  ['start ', ['job']],
  ['rm web ', ['web', 'job']],
  ['rm -- --f', []],
  ['cp w', ['web:']],
  ['tag ', ['nginx:latest', 'localhost:5000/app:v1']],
  ['rename web ', []],
  ['network connect ', ['bridge', 'back']],
  ['network connect back j', ['job']],
  ['volume rm ', ['data']],
  ['inspect w', ['web']],
  ['load -i ', []],
  ['nosuch ', []],
  ['completion ', ['bash', 'fish', 'zsh']],
])('%j: %j', async (line, words) => {
  expect(await complete(line)).toEqual(words);
});
