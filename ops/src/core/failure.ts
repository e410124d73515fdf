/** An error that a person or a program can act on. Define those of a service with `defineFailure`. */
export class Failure extends Error {
  override readonly name = "Failure";

  /**
   * @param code stable and in upper case; programs match on it
   * @param status the HTTP status of the response
   * @param detail a sentence that states the problem, with the values concerned
   * @param remedy a sentence that states what to do
   * @param extra further fields of the problem body, in snake_case
   */
  constructor(
    readonly code: string,
    readonly status: number,
    readonly detail: string,
    readonly remedy: string,
    readonly extra: Record<string, unknown> = {},
    options: FailureOptions = {},
  ) {
    super(detail, options);
    this.exitStatus = options.exitStatus ?? 1;
  }

  /** The exit status of a command that ends with this failure. */
  readonly exitStatus: number;

  /** The RFC 9457 body: `{type, title, status, code, detail, remedy, ...extra}`. */
  toProblem(): Problem {
    return {
      type: "about:blank",
      title: titles[this.status] ?? "Error",
      status: this.status,
      code: this.code,
      detail: this.detail,
      remedy: this.remedy,
      ...this.extra,
    };
  }
}

export interface FailureOptions extends ErrorOptions {
  exitStatus?: number | undefined;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  remedy: string;
  [extra: string]: unknown;
}

const titles: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  406: "Not Acceptable",
  409: "Conflict",
  410: "Gone",
  413: "Payload Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  423: "Locked",
  428: "Precondition Required",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
};

/** A kind of failure. `detail` and `remedy` hold the names of values in braces, as in `There is no step {step}.` */
export interface FailureDefinition<Text extends string = string> {
  readonly code: string;
  readonly status: number;
  readonly exitStatus?: number;
  readonly detail: Text;
  readonly remedy: Text;
}

type Placeholder<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholder<Rest>
  : never;

type Values<Text extends string> = Readonly<Record<Placeholder<Text>, string | number>>;

/** `status` replaces that of the definition. */
type Further = [extra?: Record<string, unknown>, options?: ErrorOptions & { status?: number }];

type FailureArguments<Text extends string> = [Placeholder<Text>] extends [never]
  ? [values?: Record<string, never>, ...Further]
  : [values: Values<Text>, ...Further];

const definitions: FailureDefinition[] = [];

/** Every definition of the modules loaded so far. Several can share a code. */
export const failureDefinitions = (): readonly FailureDefinition[] => [...definitions];

/** Defines a kind of failure and returns the function that creates one from the values of its sentences. */
export const defineFailure = <const Text extends string>(definition: FailureDefinition<Text>) => {
  definitions.push(Object.freeze(definition));
  const { code, status, detail, remedy, exitStatus } = definition;
  return (...[values = {}, extra, options]: FailureArguments<Text>): Failure =>
    new Failure(code, options?.status ?? status, fill(detail, values), fill(remedy, values), extra, {
      ...options,
      exitStatus,
    });
};

const fill = (text: string, values: Readonly<Record<string, string | number>>): string =>
  text.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
