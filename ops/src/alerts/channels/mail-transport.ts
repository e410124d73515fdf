import { createTransport } from "nodemailer";
import type { Settings } from "../../settings/settings.ts";
import { transportOptions } from "./email.ts";

/** Sends mail of the service's own through the server that alerts go through. */
export interface MailTransport {
  /** Resolves when the server has accepted it. */
  send(mail: { to: string; subject: string; text: string }): Promise<void>;
  close(): void;
}

const timeouts = { connectMs: 10_000, silenceMs: 15_000 };

/** The transport that the `SMTP_*` settings and `ALERT_EMAIL_FROM` describe; undefined where none is set up. */
export const mailTransportFrom = (settings: Settings): MailTransport | undefined => {
  const { SMTP_SERVER: server, SMTP_PORT: port, SMTP_SECURE: secure, ALERT_EMAIL_FROM: from } = settings;
  if (!server || !from) return undefined;
  const { SMTP_USER: user, ALERT_EMAIL_PASSWORD: password } = settings;
  const login = { ...(user !== undefined && { user }), ...(password !== undefined && { password }) };
  const transport = createTransport(
    transportOptions({ server, port, secure, from, to: [], ...login }, timeouts),
  );
  return {
    send: async (mail) => {
      await transport.sendMail({ from, ...mail, headers: { "auto-submitted": "auto-generated" } });
    },
    close: () => transport.close(),
  };
};
