/** One option of a command, as pflag (https://pkg.go.dev/github.com/spf13/pflag) knows it. */
export interface Option {
  /** `flag` is a boolean; `list` may be given several times; `strings` is a list that also splits at commas. */
  readonly kind: 'flag' | 'string' | 'int' | 'list' | 'strings';
  /** One letter: `-x`. */
  readonly short?: string;
  readonly help: string;
  /** What the help shows for the value; absent: what pflag shows for the kind. */
  readonly valueName?: string;
  /** A flag that is set unless it is given as `--name=false`. The help says so. */
  readonly initially?: true;
  /** What the help shows as the default. The value of an option that was not given stays undefined, false or []. */
  readonly defaultText?: string;
  /** Not shown in the help. */
  readonly hidden?: boolean;
  /** The name of the option that this one is another spelling of. */
  readonly aliasOf?: string;
  /** Tells what is wrong with a value, or undefined. */
  readonly check?: (value: string) => string | undefined;
}

/** The options of a command by name. */
export type Options = Readonly<Record<string, Option>>;

/** What an option that was parsed is worth. */
export type OptionValue<O extends Option> = O['kind'] extends 'flag'
  ? boolean
  : O['kind'] extends 'list' | 'strings'
    ? string[]
    : (O['kind'] extends 'int' ? number : string) | undefined;

/** The values of all options of a command. */
export type OptionValues<O extends Options> = { [Name in keyof O]: OptionValue<O[Name]> };
