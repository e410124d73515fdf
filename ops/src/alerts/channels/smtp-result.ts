import type { SendResult } from "../notify/channel.ts";

/** What we read of the mailer's errors and results; see NodemailerError. */
export interface MailError {
  code?: string | undefined;
  originalCode?: string | undefined;
  response?: string | undefined;
  /** The command that the response answers, such as `RCPT TO`. */
  command?: string | undefined;
  /** The server will answer the same whenever it is asked (RFC 5321, 4.2.1: 5yz). */
  permanent?: boolean | undefined;
  recipient?: string | undefined;
  /** Where all recipients were refused or put off. */
  rejectedErrors?: MailError[] | undefined;
}

export interface MailResult {
  response: string;
  rejectedErrors?: MailError[] | undefined;
}

/** The recipients that the server may accept later. */
export const deferredIn = ({ rejectedErrors = [] }: Pick<MailResult, "rejectedErrors">): string[] =>
  rejectedErrors.filter(({ permanent }) => permanent !== true).flatMap(({ recipient }) => recipient ?? []);

/** The recipients that the server rejects, each with its response. */
export const refusedIn = (
  { rejectedErrors = [] }: Pick<MailResult, "rejectedErrors">,
  secret: string | undefined,
): string[] =>
  rejectedErrors
    .filter(({ permanent }) => permanent === true)
    .map(({ recipient, response = "" }) => withoutSecret(`${recipient}: ${response}`, secret));

/** The server's response to an accepted message. */
export const answerOf = ({ response }: MailResult, secret: string | undefined): string =>
  withoutSecret(response, secret);

/** @param refused who will not get it, as {@link refusedIn} has them */
export const accepted = (answer: string, refused: readonly string[]): SendResult =>
  refused.length === 0
    ? { result: "accepted", answer }
    : { result: "accepted", answer: `${answer}; ${inWords(refused)}`, unreached: inWords(refused) };

/** @param refused who will not get it, as {@link refusedIn} has them */
export const putOff = (reason: string, refused: readonly string[]): SendResult =>
  refused.length === 0
    ? { result: "try_again", reason }
    : { result: "try_again", reason: `${reason}; ${inWords(refused)}`, unreached: inWords(refused) };

const inWords = (refused: readonly string[]): string => `refused ${refused.join("; ")}`;

/** The result of a message that the server did not accept. */
type Failed = Exclude<SendResult, { result: "accepted" }>;

/**
 * What an error means for the next attempt. The server's response may repeat the request, so the secret is removed.
 */
export const failureOf = (thrown: unknown, secret: string | undefined): Failed => {
  const { code, originalCode, response, command = "us", permanent } = thrown as MailError;
  const reason =
    response === undefined
      ? (originalCode ?? code ?? "the mail could not be sent")
      : withoutSecret(`the mail server answered ${command} with ${response}`, secret);
  return { result: permanent === true ? "refused" : "try_again", reason };
};

/** The server knows no such user, or another password. */
export const isLoginRefusal = (thrown: unknown): boolean => {
  const { code, permanent } = thrown as MailError;
  return code === "EAUTH" && permanent === true;
};

const longestAnswer = 300;

/** One line, and without the secret, plain or as it goes over the wire: in base64, alone or behind the user. */
const withoutSecret = (words: string, secret: string | undefined): string => {
  const safe =
    secret === undefined
      ? words
      : words.replaceAll(base64Run, (run) => (holds(run, secret) ? "…" : run)).replaceAll(secret, "…");
  return safe.replaceAll(/\s+/g, " ").trim().slice(0, longestAnswer);
};

const base64Run = /[A-Za-z0-9+/]+/g;

/** Other letters may precede it, so that its groups of four begin anywhere. */
const holds = (run: string, secret: string): boolean =>
  [0, 1, 2, 3].some((start) => Buffer.from(run.slice(start), "base64").includes(secret));
