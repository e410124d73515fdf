import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import { SMTPServer } from "smtp-server";

/** How the peer answers a login, a recipient or a message: yes, or with this code. */
type Verdict = number | "yes";

/** What the peer does, besides accepting everything. */
export interface SmtpManners {
  login: Verdict;
  recipient: (address: string) => Verdict;
  /** `hang` says nothing to it, `drop` closes the connection in the middle of it. */
  message: Verdict | "hang" | "drop";
  /** What it says besides the code. */
  words: string;
}

const friendly: SmtpManners = { login: "yes", recipient: () => "yes", message: "yes", words: "as you like" };

/** A mail as it arrived. */
export interface ReceivedMail {
  user: string | undefined;
  /** Whether it came over TLS. */
  secure: boolean;
  from: string;
  to: string[];
  raw: string;
  /** By lower-case name, unfolded; of the mail itself, not of its parts. */
  headers: Record<string, string>;
}

/** A real SMTP server on this machine. */
export interface SmtpPeer {
  readonly port: number;
  readonly mails: ReceivedMail[];
  /** How many messages were sent to it, whatever it answered. */
  readonly tries: number;
  /** How often somebody has shown it a password. */
  readonly logins: number;
  behave(manners: Partial<SmtpManners>): void;
  close(): Promise<void>;
}

export const peerPassword = "a password that shows up nowhere";

/**
 * Starts a server with STARTTLS (or with TLS from the start), which asks for a login.
 *
 * @param options.tls `none` offers no STARTTLS
 * @param options.login `none` asks for none
 */
export const startSmtpPeer = async ({
  tls = "starttls",
  login = "required",
}: {
  tls?: "starttls" | "from the start" | "none";
  login?: "required" | "none";
} = {}): Promise<SmtpPeer> => {
  const mails: ReceivedMail[] = [];
  let tries = 0;
  let logins = 0;
  let manners = friendly;
  const refusal = (verdict: Verdict): Error | null =>
    verdict === "yes" ? null : Object.assign(new Error(manners.words), { responseCode: verdict });
  const sockets = new Set<Socket>();
  const server = new SMTPServer({
    secure: tls === "from the start",
    disabledCommands: [...(tls === "none" ? ["STARTTLS"] : []), ...(login === "none" ? ["AUTH"] : [])],
    authOptional: login === "none",
    allowInsecureAuth: tls === "none",
    logger: false,
    disableReverseLookup: true,
    closeTimeout: 10,
    onAuth: ({ username, password }, _session, done) => {
      logins++;
      const verdict = password === peerPassword ? manners.login : 535;
      done(refusal(verdict), { user: username });
    },
    onRcptTo: ({ address }, _session, done) => done(refusal(manners.recipient(address))),
    onData: async (stream, session, done) => {
      tries++;
      let raw = "";
      for await (const chunk of stream) raw += chunk;
      const { message } = manners;
      if (message === "hang") return;
      if (message === "drop") {
        for (const socket of sockets) socket.destroy();
        return;
      }
      const { mailFrom, rcptTo } = session.envelope;
      if (message === "yes") {
        mails.push({
          user: session.user as string | undefined,
          secure: session.secure,
          from: mailFrom ? mailFrom.address : "",
          to: rcptTo.map(({ address }) => address),
          raw,
          headers: headersOf(raw),
        });
      }
      done(refusal(message), manners.words);
    },
  });
  server.on("error", () => undefined);
  server.server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    get tries() {
      return tries;
    },
    get logins() {
      return logins;
    },
    behave: (next) => {
      manners = { ...friendly, ...next };
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
};

/** Accepts connections, and never says a word. */
export const startMutePeer = async (): Promise<{ port: number; close(): void }> => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.on("error", () => undefined)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
};

const headersOf = (raw: string): Record<string, string> => {
  const [head = ""] = raw.split("\r\n\r\n", 1);
  const lines = head.replaceAll(/\r\n[ \t]+/g, " ").split("\r\n");
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
};
