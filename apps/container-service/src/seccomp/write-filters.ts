// Writes what the service loads at run time beside its bundle: the filter of Berth's own profile and Docker's default capabilities, ready
// to load, and the tables of system calls for all other filters. Runs when Berth is built.
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_CAPABILITIES } from '../plan/capabilities.ts';
import { compileFilter } from './compile.ts';
import { builtinProfile } from './filters.ts';
import { readFilterHost, readSyscallTables } from './read-host.ts';
import { selectRules } from './select-rules.ts';

const TABLES = join(import.meta.dirname, '../../../../libs/namespaces/native/build/syscalls.json');
const DIST = join(import.meta.dirname, '../../dist');

const rules = selectRules(builtinProfile(), DEFAULT_CAPABILITIES, readFilterHost());
if (rules === null) throw new Error('the default profile says nothing');
writeFileSync(join(DIST, 'seccomp-default.bpf'), compileFilter(rules, readSyscallTables(TABLES)));
copyFileSync(TABLES, join(DIST, 'syscalls.json'));
