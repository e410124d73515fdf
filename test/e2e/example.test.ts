import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "../repository/imports.ts";
import { hasBrowser, launchBrowser, openPage } from "../support/browser.ts";
import { createInstallation, type Installation } from "./installation.ts";

const folder = `${root}examples/library`;
const scripts = readFileSync(`${folder}/README.md`, "utf8").matchAll(/^```sh\n([\s\S]*?)^```$/gm);
const [, commands = ""] = [...scripts].map(([, script = ""]) => script);

let installation: Installation;
beforeAll(async () => {
  installation = await createInstallation({ folder, greeting: "The library is open" });
  await installation.start();
}, 60_000);
afterAll(() => installation?.remove());

const shell = async (command: string): Promise<string> => {
  const here = command
    .replaceAll("http://localhost:1002", installation.url)
    .replaceAll("curl -s", "curl -sS --fail");
  const { stdout } = await promisify(execFile)("sh", ["-ec", here], { cwd: folder, env: installation.env });
  return stdout;
};

const titles = async () =>
  (await (await fetch(`${installation.url}/books`)).json()) as { id: string; title: string }[];

test("the example service runs, and the commands of its README work", async () => {
  const before = await titles();
  expect(before[0]?.id).toMatch(/^bok_/);
  const lent = await fetch(`${installation.url}/loans`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ book_id: before[0]?.id, reader: "Swaminathan" }),
  });
  expect(await lent.json()).toMatchObject({ id: expect.stringMatching(/^lon_/), due_on: expect.anything() });

  const answers: { command: string; answer: string }[] = [];
  for (const line of commands.trim().split("\n")) {
    const command = line.replace(/\s+#.*/, "");
    const answer = await shell(command);
    expect(answer, command).not.toBe("");
    answers.push({ command, answer });
  }
  expect(answers.length).toBeGreaterThan(8);
  const [booksBefore, booksAfter] = answers.filter(({ command }) => command.endsWith("/books"));
  expect(booksBefore?.answer).toContain("bok_");
  expect(booksAfter?.answer).toContain("book-000001");
  expect(answers.find(({ command }) => command.includes("prove"))?.answer).toMatch(/proven/i);
  expect(await titles()).toEqual(before);
}, 60_000);

test.skipIf(!hasBrowser)("its console is used with the librarian's token", async () => {
  const browser = await launchBrowser();
  try {
    const { page, errors, failures } = await openPage(browser, { width: 1280, height: 800 });
    await page.goto(`${installation.url}/console/changes`);
    await page.getByLabel("Token").fill("librarian");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("banner").getByText("live", { exact: true }).waitFor();
    await page.getByRole("row").nth(3).waitFor();
    await page.getByRole("link", { name: "Now" }).first().click();
    await page.getByText("Vital signs").waitFor();
    await page.getByRole("button", { name: "Log out" }).first().click();
    await page.getByLabel("Token").waitFor();
    expect([errors, failures]).toEqual([[], []]);
  } finally {
    await browser.close();
  }
});
