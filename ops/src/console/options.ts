/** How a user logs in to the console. */
export type ConsoleLogin =
  /**
   * The console posts `{ email, password }` as JSON to `url`, a route of the service relative to its root, and reads
   * `access_token` from the response. With `refreshUrl`, it renews the login there by `{ refresh_token }`; with
   * `logoutUrl`, logging out ends the login there, too.
   */
  | { kind: "password"; url: string; refreshUrl?: string; logoutUrl?: string }
  /** The user pastes a bearer token. */
  | { kind: "token" }
  /** The service has a login of its own at `href`, and recognizes the user by a cookie. */
  | { kind: "ambient"; href: string };

export interface ConsoleOptions {
  /** Where the pages are, `/console` by default. */
  path?: string;
  login: ConsoleLogin;
  /** Encrypts the session cookie. At least 32 characters, the same in all instances. */
  secret: string;
  /** Name of the service in the header, `EarlyBird` by default. */
  title?: string;
  /** IANA time zone in which times are shown, that of the process by default. */
  timeZone?: string;
  /** BCP 47 language tag for numbers and dates, `en-GB` by default. */
  locale?: string;
  /** How to show the units of impact lines: `{ paise: { style: "currency", currency: "INR", divideBy: 100 } }`. */
  units?: Readonly<Record<string, ConsoleUnit>>;
  /** At most four numbers for the front page. Called at most every 30 seconds; those that take over 2 seconds are absent. */
  figures?: () => Promise<readonly ConsoleFigure[]>;
}

export interface ConsoleFigure {
  /** Such as `orders today`. */
  label: string;
  value: number | string;
  /** A key of `units`, or a word to show behind the value. */
  unit?: string;
}

export interface ConsoleUnit {
  style: "currency";
  currency: string;
  divideBy: number;
}
