// Generates libs/proto/src/gen from proto/: one TypeScript file per proto file, and the descriptor set for gRPC reflection.
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const bin = join(root, 'node_modules/.bin');
const protoDir = join(root, 'proto');
const outDir = join(root, 'libs/proto/src/gen');

const TS_PROTO_OPTIONS = [
  'esModuleInterop=true',
  'env=node',
  'forceLong=bigint',
  'oneof=unions-value',
  'importSuffix=.ts',
  'enumsAsLiterals=true',
  'useDate=false',
  'useExactTypes=false',
  'unrecognizedEnum=false',
  'removeEnumPrefix=true',
  'outputServices=nice-grpc',
  'outputServices=generic-definitions',
].join(',');

rmSync(outDir, { recursive: true, force: true });
mkdirSync(outDir, { recursive: true });
const files = globSync('berth/**/*.proto', { cwd: protoDir }).sort();
const descriptorSet = join(outDir, 'descriptor-set.bin');
execFileSync(
  join(bin, 'protoc'),
  [
    `--plugin=protoc-gen-ts_proto=${join(bin, 'protoc-gen-ts_proto')}`,
    `--ts_proto_out=${outDir}`,
    `--ts_proto_opt=${TS_PROTO_OPTIONS}`,
    `--descriptor_set_out=${descriptorSet}`,
    '--include_imports',
    `--proto_path=${protoDir}`,
    ...files,
  ],
  { stdio: 'inherit' },
);
const base64 = readFileSync(descriptorSet).toString('base64');
writeFileSync(
  join(outDir, 'descriptor-set.ts'),
  `/** A serialized google.protobuf.FileDescriptorSet of all Berth protos, base64. */\nexport const descriptorSetBase64 =\n  '${base64}';\n`,
);
rmSync(descriptorSet);
