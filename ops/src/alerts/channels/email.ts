import { LRUCache } from "lru-cache";
import { createTransport } from "nodemailer";
import { type MessageOptions, plainContext } from "../message/context.ts";
import type { Channel, SendResult } from "../notify/channel.ts";
import { addressOf, emailMessage } from "./email-format.ts";
import {
  accepted,
  answerOf,
  deferredIn,
  failureOf,
  isLoginRefusal,
  type MailError,
  putOff,
  refusedIn,
} from "./smtp-result.ts";

/** Where mail goes, and through which server. */
export interface EmailSettings {
  server: string;
  port: number;
  /** TLS from the start (usually port 465). Otherwise the server must offer STARTTLS, unless it is this machine. */
  secure: boolean;
  /** The login; by default the sender. */
  user?: string;
  /** A secret: it never appears in a result, an error or a log. Absent: no login. */
  password?: string;
  /** An address, or a name with one: `EarlyBird <alerts@example.com>`. */
  from: string;
  to: readonly string[];
}

export interface EmailTimeouts {
  /** To the server's greeting, the look-up of its name included. */
  connectMs: number;
  /** Of silence. */
  silenceMs: number;
}

const usual: EmailTimeouts = { connectMs: 10_000, silenceMs: 15_000 };

/** Servers that are overloaded refuse logins, too: this many in a row, and it is the password. */
const loginsToBelieve = 3;

/**
 * Sends by SMTP. A recipient that the server rejects does not stop delivery to the others; it is reported until the
 * server accepts all. A recipient that the server defers is retried alone.
 */
export const emailChannel = (
  settings: EmailSettings & MessageOptions,
  timeouts: EmailTimeouts = usual,
): Channel => {
  const { context = plainContext } = settings;
  const transport = createTransport(transportOptions(settings, timeouts));
  /** Notifications that some recipients have: the recipients that were deferred, and those that were rejected. */
  const unfinished = new LRUCache<string, { missing: string[]; refused: string[] }>({ max: 1_000 });
  let refusedLogins = 0;
  return {
    name: "email",
    groups: true,
    send: async (notification, signal): Promise<SendResult> => {
      const { id } = notification;
      const before = unfinished.get(id);
      const withThoseBefore = (refused: string[]) => [...(before?.refused ?? []), ...refused];
      try {
        const message = emailMessage(notification, { ...settings, context });
        const envelope = { from: addressOf(settings.from), to: before?.missing ?? [...settings.to] };
        const sent = await transport.sendMail({ ...message, envelope, signal });
        refusedLogins = 0;
        const missing = deferredIn(sent);
        const refused = withThoseBefore(refusedIn(sent, settings.password));
        unfinished.delete(id);
        if (missing.length === 0) return accepted(answerOf(sent, settings.password), refused);
        unfinished.set(id, { missing, refused });
        return putOff(`put off for ${missing.join(", ")}`, refused);
      } catch (error) {
        const failure = failureOf(error, settings.password);
        if (isLoginRefusal(error) && ++refusedLogins < loginsToBelieve) return putOff(failure.reason, []);
        const refused = refusedIn(error as MailError, settings.password);
        if (failure.result === "try_again") return putOff(failure.reason, withThoseBefore(refused));
        // The deferred recipients are rejected now, and the others have the message.
        if (before && refused.length > 0) {
          unfinished.delete(id);
          return accepted(failure.reason, withThoseBefore(refused));
        }
        return failure;
      }
    },
  };
};

/** The options of the connection. */
export const transportOptions = (settings: EmailSettings, { connectMs, silenceMs }: EmailTimeouts) => {
  const { server: host, port, secure, user = addressOf(settings.from), password } = settings;
  // No network is between this machine and itself; its server may have no certificate, or one of its own.
  const isHere = /^(localhost|127(\.\d+){3}|::1)$/.test(host);
  return {
    host,
    port,
    secure,
    requireTLS: !secure && !isHere,
    tls: { rejectUnauthorized: !isHere, minVersion: "TLSv1.2" as const },
    ...(password === undefined ? {} : { auth: { user, pass: password } }),
    connectionTimeout: connectMs,
    greetingTimeout: connectMs,
    dnsTimeout: connectMs,
    socketTimeout: silenceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
};
