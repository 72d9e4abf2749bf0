/** A failure that the command line itself reports, with its exit code. `message` is printed as it is. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The user has ended the command. Nothing is added to the message, which may be empty. */
export class InterruptedError extends CliError {}
