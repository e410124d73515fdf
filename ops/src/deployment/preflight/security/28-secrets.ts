import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { filesBelow } from "../../../core/directory-digest.ts";
import { type Settings, secretSettings } from "../../../settings/settings.ts";
import { defineCheck, demand, unknown } from "../check.ts";
import type { PreflightContext } from "../context.ts";
import { few } from "../words.ts";
import { readArchive } from "./archive.ts";

const forOthers = 0o077;
const shortestSecret = 8;

type Artefact = NonNullable<PreflightContext["artefact"]>;

const secretNames = /(^|\/)(\.env(\..+)?|.*\.pem|.*\.key|id_(rsa|ed25519)|\.npmrc)$/;

const readableByOthers = async (files: readonly string[]): Promise<string[]> => {
  const faults = await Promise.all(
    files.map(async (file) => {
      const { mode } = await stat(file).catch(() => ({ mode: 0 }));
      return mode & forOthers ? [`${file} has mode 0${(mode & 0o777).toString(8)}`] : [];
    }),
  );
  return faults.flat();
};

/** Names of files and settings, never their values. */
const secretsInArtefact = async (artefact: Artefact, settings: Settings): Promise<string[]> => {
  const values = secretSettings.flatMap((name) => {
    const value = settings[name];
    return typeof value === "string" && value.length >= shortestSecret ? [{ name, value }] : [];
  });
  const found = (name: string, content: Buffer) =>
    values
      .filter(({ value }) => content.includes(value))
      .map((secret) => `${name} in the artefact contains ${secret.name}`);
  if ("file" in artefact)
    return (await readArchive(artefact.file)).flatMap(({ name, content }) => [
      ...(secretNames.test(name) ? [`the artefact contains ${name}`] : []),
      ...found(name, content),
    ]);
  const faults: string[] = [];
  // The secrets of an installed version are in files of its own.
  for await (const { name, path, link } of filesBelow(artefact.directory))
    if (link === undefined && !secretNames.test(name)) faults.push(...found(name, await readFile(path)));
  return faults;
};

export const secrets = defineCheck({
  id: "secrets",
  number: 28,
  group: "security",
  name: "Secrets",
  asks: "Secrets are set, only their owner can read their files, and the artefact contains none.",
  timeLimitMs: 60_000,
  run: async ({ settings, secretFiles = [], artefact }) => {
    if (!("read" in settings)) return unknown("The settings are not valid.", "Correct the settings first.");
    const { read } = settings;
    const faults = [
      // Without the setting, the first start generates the secret.
      ...(read.JWT_SECRET || secretFiles.some((file) => basename(file) === "jwt-secret")
        ? []
        : ["JWT_SECRET is not set"]),
      ...(await readableByOthers(secretFiles)),
      ...(artefact ? await secretsInArtefact(artefact, read) : []),
    ];
    if (faults.length === 0 && !artefact)
      return unknown(
        "The artefact was not searched.",
        "Pass the file that npm pack has written: --artefact FILE.",
      );
    return demand(
      faults.length === 0,
      faults.length > 0
        ? `${few(faults)}.`
        : `Secrets are set; ${secretFiles.length} files have mode 0600 or less; the artefact contains none.`,
      "Set the secrets, run chmod 600, and build the artefact without them.",
    );
  },
});
