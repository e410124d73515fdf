import { createPublicKey, type KeyObject } from "node:crypto";
import { access, constants, readFile } from "node:fs/promises";
import { Command } from "commander";
import { defineFailure } from "../../core/failure.ts";
import { positiveInteger } from "../arguments.ts";
import { operator, withSession } from "../context.ts";
import { green, print, printJson, red, table, yellow } from "../output.ts";

const notReadable = defineFailure({
  code: "EB_FILE_NOT_READABLE",
  status: 400,
  exitStatus: 2,
  detail: "{path} cannot be read as {holds}.",
  remedy: "Correct the path or the permissions of the file.",
});

const demandReadable = (path: string): Promise<void> =>
  access(path, constants.R_OK).catch(() => {
    throw notReadable({ path, holds: "a file of anchors" });
  });

const readPublicKey = async (path: string): Promise<KeyObject> => {
  try {
    return createPublicKey(await readFile(path, "utf8"));
  } catch {
    throw notReadable({ path, holds: "a public key in PEM" });
  }
};

interface VerifyOptions {
  json?: boolean;
  head?: string;
  anchors?: string;
  publicKey?: string;
}

const verifyCommand = () =>
  new Command("verify")
    .description(
      "verify the hash chain of the ledger and its anchors; exit 1 if entries were edited, removed or reordered",
    )
    .option("--head <hash>", "require the entry with this hash, as printed by an earlier operation")
    .option("--anchors <file>", "compare with the anchors in this file instead of the default file")
    .option("--public-key <file>", "verify signatures with this public key (PEM), on another machine")
    .option("--json", "print one JSON document")
    .action(({ json, head, anchors: file, publicKey }: VerifyOptions) =>
      withSession(async ({ manager, anchors }) => {
        const key = publicKey === undefined ? undefined : await readPublicKey(publicKey);
        if (file !== undefined) await demandReadable(file);
        const anchored = await anchors.read({ file, publicKey: key, all: file !== undefined });
        const result = await manager.verifyLedger(head, anchored);
        if (!result.ok) process.exitCode = 1;
        if (json) return printJson(result);
        for (const fault of result.faults) print(red(fault));
        if (!result.ok) return;
        print(green(`${result.entries} entries, the chain is intact; head ${result.head.hash}`));
        const { compared, newest } = result.anchors;
        print(
          newest
            ? green(`${compared} anchors match; the newest is for entry ${newest.seq}, ${newest.at}`)
            : yellow("There is no anchor: only the hash chain was verified."),
        );
      }),
    );

const keyCommand = () =>
  new Command("key")
    .description("print the public key of the ledger's anchors, for --public-key")
    .action(() => withSession(async ({ anchors }) => print((await anchors.publicKey()).trimEnd())));

const protectCommand = () =>
  new Command("protect")
    .description("transfer the ledger to another role; the service can then only read and append")
    .argument("<role>", "a database role without login")
    .option("--json", "print one JSON document")
    .action((role: string, { json }: { json?: boolean }) =>
      withSession(async ({ manager }) => {
        const protection = await manager.protectLedger(role, operator());
        if (json) return printJson(protection);
        const { owner, service } = protection;
        print(
          service === null
            ? `The ledger already belongs to ${owner}.`
            : `The ledger belongs to ${owner}; ${service} can read it and append to it.`,
        );
      }),
    );

export const auditCommand = () =>
  new Command("audit")
    .description("show the ledger of operations, newest first")
    // Options after "verify" are verify's own.
    .enablePositionalOptions()
    .option("--limit <n>", "maximum number of entries", positiveInteger, 50)
    .option("--json", "print one JSON document")
    .action(({ json, limit }: { json?: boolean; limit: number }) =>
      withSession(async ({ manager }) => {
        const entries = await manager.readLedger({ limit });
        if (json) return printJson({ entries });
        const rows = entries.map(({ seq, at, action, steps, operator, origin, reason }) => [
          String(seq),
          at,
          action,
          steps.join(","),
          operator,
          origin,
          reason ?? "",
        ]);
        print(table(["entry", "at", "action", "steps", "by", "from", "reason"], rows));
      }),
    )
    .addCommand(verifyCommand())
    .addCommand(keyCommand())
    .addCommand(protectCommand());
