import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { allCommands } from "../../scripts/docs/commands.ts";
import { root } from "./imports.ts";

const documents = [
  "README.md",
  "examples/library/README.md",
  ...readdirSync(resolve(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** The commands in code, inline and in blocks, without comments. */
const commandsIn = (text: string): string[] => {
  const blocks = [...text.matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm)].map(([, block = ""]) => block);
  const inline = [...text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, "").matchAll(/`([^`]+)`/g)].map(
    ([, code = ""]) => code.replaceAll("\n", " "),
  );
  const lines = blocks.flatMap((block) => block.replaceAll(/\\\n\s*/g, "").split("\n"));
  return [...lines, ...inline].flatMap((line) => {
    const [, rest] =
      /^(?:[A-Z_]+=\S+ )*(?:npx )?earlybird(?: (.*))?$/.exec(line.trim().replace(/\s+#.*/, "")) ?? [];
    return rest ? [rest] : [];
  });
};

/** Why a command line would be refused; undefined if it is complete and known. */
const faultIn = (line: string): string | undefined => {
  const words = line.match(/"[^"]*"|\S+/g) ?? [];
  let commands: readonly Command[] = allCommands;
  let current: Command | undefined;
  while (words[0] !== undefined) {
    const next = commands.find((command) => command.name() === words[0]);
    if (!next) break;
    current = next;
    commands = next.commands;
    words.shift();
  }
  if (!current) return words[0]?.startsWith("-") ? undefined : `there is no command ${words[0]}`;
  const positional = words.filter((word, at) => {
    if (word.startsWith("-")) return false;
    const option = optionOf(current, words[at - 1] ?? "");
    return !(option?.required || option?.optional);
  });
  if (positional.length > current.registeredArguments.length)
    return `${current.name()} does not take ${positional.join(" ")}`;
  const unknown = words.find((word) => word.startsWith("-") && word !== "--help" && !optionOf(current, word));
  return unknown && `${current.name()} has no option ${unknown}`;
};

const optionOf = (command: Command, flag: string) =>
  command.options.find(({ long, short }) => flag !== "" && (long === flag || short === flag));

test("a wrong command, argument or option is found, and a right one is not", () => {
  expect(faultIn("release begin")).toBe("release does not take begin");
  expect(faultIn("smok")).toBe("there is no command smok");
  expect(faultIn("release advance --reasn TEXT")).toBe("advance has no option --reasn");
  expect(faultIn('emergency --reason "orders fail"')).toBeUndefined();
  expect(
    commandsIn("run `npx earlybird\nrelease begin` now\n```sh\nearlybird smoke \\\n  --json  # x\n```\n"),
  ).toEqual(["smoke --json", "release begin"]);
});

test("every command of the documents exists, with its arguments and options", () => {
  const found = documents.flatMap((file) =>
    commandsIn(readFileSync(resolve(root, file), "utf8")).map((line) => ({ file, line })),
  );
  expect(found.length).toBeGreaterThan(100);
  const faults = found.flatMap(({ file, line }) => {
    const fault = faultIn(line);
    return fault ? [`${file}: earlybird ${line}: ${fault}`] : [];
  });
  expect(faults).toEqual([]);
});
