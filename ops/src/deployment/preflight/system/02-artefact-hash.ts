import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { directoryDigest, fileDigest } from "../../../core/directory-digest.ts";
import { defineCheck, go, noGo, unknown } from "../check.ts";
import { few } from "../words.ts";

const lockFile = z.looseObject({
  packages: z.record(
    z.string(),
    z.looseObject({
      integrity: z.string().optional(),
      resolved: z.string().optional(),
      link: z.boolean().optional(),
    }),
  ),
});

/** The digest beside the file, as `sha256sum` writes it. */
const digestBeside = async (file: string): Promise<string | undefined> =>
  /^[0-9a-f]{64}\b/.exec(await readFile(`${file}.sha256`, "utf8").catch(() => ""))?.[0];

/** Packages of the registry whose content the lock file does not fix. */
const unfixedPackages = async (root: string): Promise<string[]> => {
  const { packages } = lockFile.parse(JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")));
  return Object.entries(packages)
    .filter(([, { integrity, resolved, link }]) => resolved?.startsWith("http") && !link && !integrity)
    .map(([path]) => path);
};

export const artefactHash = defineCheck({
  id: "artefact-hash",
  number: 2,
  group: "system",
  name: "Artefact",
  asks: "The artefact has the SHA-256 that was recorded when it was built, and the lock file fixes every package.",
  waivable: false,
  timeLimitMs: 60_000,
  run: async ({ artefact, root }) => {
    if (!artefact)
      return unknown("No artefact was given.", "Pass the file that npm pack has written: --artefact FILE.");
    const isFile = "file" in artefact;
    const path = isFile ? artefact.file : artefact.directory;
    const expected = artefact.sha256 ?? (await digestBeside(path));
    const actual = await (isFile ? fileDigest : directoryDigest)(path);
    const name = basename(path);
    if (!expected)
      return unknown(
        `${name} has SHA-256 ${actual}; nothing says what it should be.`,
        `Where the artefact is built, run: sha256sum ${name} > ${name}.sha256`,
      );
    if (actual !== expected)
      return noGo(
        `${name} has SHA-256 ${actual}, not ${expected}.`,
        "Do not release this file. Copy the artefact again, or build it again.",
      );
    const unfixed = await unfixedPackages(root);
    return unfixed.length > 0
      ? noGo(
          `package-lock.json has no integrity for ${few(unfixed)}.`,
          "Run npm install and commit package-lock.json.",
        )
      : go(`${name} has SHA-256 ${actual}; package-lock.json fixes every package.`);
  },
});
