import { BerthError } from '@berth/errors';

/** A system call as a filter sees it. */
export interface Call {
  /** AUDIT_ARCH_* */
  readonly architecture: number;
  readonly number: number;
  readonly arguments: readonly bigint[];
}

/** Runs an array of struct sock_filter as the kernel does: a SECCOMP_RET_* value with its data. */
export function runFilter(program: Buffer, call: Call): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.number, 0);
  data.writeUInt32LE(call.architecture, 4);
  call.arguments.forEach((argument, index) => data.writeBigUInt64LE(argument, 16 + index * 8));
  let loaded = 0;
  for (let at = 0; at < program.length; at += 8) {
    const code = program.readUInt16LE(at);
    const value = program.readUInt32LE(at + 4);
    const jump = (isTrue: boolean): number => program.readUInt8(at + (isTrue ? 2 : 3)) * 8;
    switch (code) {
      case 0x20: // ld [k]
        loaded = data.readUInt32LE(value);
        break;
      case 0x54: // and #k
        loaded = (loaded & value) >>> 0;
        break;
      case 0x05: // ja
        at += value * 8;
        break;
      case 0x15: // jeq
        at += jump(loaded === value);
        break;
      case 0x25: // jgt
        at += jump(loaded > value);
        break;
      case 0x35: // jge
        at += jump(loaded >= value);
        break;
      case 0x06: // ret #k
        return value;
      default:
        throw new BerthError('INTERNAL', `the filter has an instruction of code ${code} at ${at / 8}`);
    }
  }
  throw new BerthError('INTERNAL', 'the filter does not end in a verdict');
}
