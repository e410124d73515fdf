/**
 * An error that a person or a program can act on.
 *
 * Each Failure is made by a small factory beside the code that raises it, so that its words live in one
 * place; `docs/reference/errors.md` lists them all and a test compares the two.
 */
export class Failure extends Error {
  override readonly name = "Failure";

  /**
   * @param code stable, upper case, begins with `EB_`; programs match on it
   * @param status the HTTP status it answers with
   * @param detail one sentence that says what is wrong, with the values concerned
   * @param remedy one sentence that says what to do about it
   * @param extra further fields of the problem body (snake_case), and `cause`
   */
  constructor(
    readonly code: string,
    readonly status: number,
    readonly detail: string,
    readonly remedy: string,
    readonly extra: Record<string, unknown> = {},
    options?: ErrorOptions,
  ) {
    super(detail, options);
  }

  /** The exit status of a command that ends with this failure; the engine's refusals set their own. */
  exitStatus = 1;

  /** Sets the exit status and returns the failure, so that factories stay one expression. */
  exitingWith(status: number): this {
    this.exitStatus = status;
    return this;
  }

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
  409: "Conflict",
  410: "Gone",
  413: "Payload Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  423: "Locked",
  428: "Precondition Required",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};
