import { defineFailure } from "@earlybird-ops/platform";
import { hashPassword } from "./passwords.ts";

const weakPassword = defineFailure({
  code: "EB_WEAK_PASSWORD",
  status: 422,
  detail: "The password is too weak: {reason}.",
  remedy: "Choose another password, such as four unrelated words.",
});

/** Shorter parts of a name are in many words. */
const shortestPart = 4;
const mostUsed = 10_000;

/** Of whom the password is to be. */
interface Owner {
  email: string;
  name: string;
}

/**
 * Hashes a new password for a login.
 *
 * @throws Failure EB_WEAK_PASSWORD, and EB_TOO_MANY_REQUESTS when the queue for hashing is full
 */
export const hashNewPassword = async (password: string, owner: Owner): Promise<string> => {
  const reason = weaknessOf(password, owner, await commonPasswords());
  if (reason !== undefined) throw weakPassword({ reason });
  return hashPassword(password);
};

/** Why a password can be guessed; undefined where none of the reasons holds. */
export const weaknessOf = (
  password: string,
  { email, name }: Owner,
  common: ReadonlySet<string>,
): string | undefined => {
  const typed = password.normalize("NFKC").toLowerCase();
  const characters = new Set(typed.replace(/\s/gu, ""));
  if (characters.size === 0) return "it consists of blanks";
  if (characters.size === 1) return "it is one character, repeated";
  const [local = "", owner] = [email.toLowerCase().split("@")[0], name.normalize("NFKC").toLowerCase()];
  if (contains(typed, [email.toLowerCase(), local])) return "it contains the email address";
  if (contains(typed, [owner.replace(/\s/gu, ""), ...owner.split(/\s+/u)])) return "it contains the name";
  // "Password123!" is as weak as "password": digits and signs at the ends are the most common additions.
  const core = typed.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, "");
  if (common.has(typed) || common.has(core))
    return `it is one of the ${mostUsed} most used, apart from digits and signs at its ends`;
  return undefined;
};

const contains = (typed: string, parts: readonly string[]): boolean =>
  parts.some((part) => part.length >= shortestPart && typed.includes(part));

let loaded: Promise<ReadonlySet<string>> | undefined;

/** The most used passwords in lower case; read at the first password, so that nothing else starts later for it. */
export const commonPasswords = (): Promise<ReadonlySet<string>> => {
  loaded ??= import("@zxcvbn-ts/language-common").then(
    ({ dictionary }) => new Set(dictionary["passwords-common"].slice(0, mostUsed)),
  );
  return loaded;
};
