import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ReleaseOnDisk, writeRelease } from "../../test/support/release-on-disk.ts";
import { createShelf, type Shelf } from "../../test/support/shelf.ts";
import { createShelfServer, type ShelfServer } from "../../test/support/shelf-server.ts";
import { makeTemporaryDirectory } from "../../test/support/temporary-directory.ts";
import { systemClock } from "./core/clock.ts";

let shelf: Shelf;
let server: ShelfServer;
let dataDir: string;
let release: ReleaseOnDisk;

beforeAll(async () => {
  [shelf, dataDir] = await Promise.all([createShelf(), makeTemporaryDirectory()]);
  server = await createShelfServer(shelf, { dataDir });
});
afterAll(async () => {
  await server?.app.close();
  await release?.close();
  await shelf?.drop();
});

test("the live stream reports a release and its changes", async () => {
  await server.app.listen({ port: 0, host: "127.0.0.1" });
  const { port } = server.app.server.address() as AddressInfo;
  const headers = { authorization: "Bearer operator" };
  const request = get({ host: "127.0.0.1", port, path: "/api/live", headers, agent: false });
  const [stream] = (await once(request, "response")) as [IncomingMessage];
  let text = "";
  stream.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
  });
  const reported = () =>
    [...text.matchAll(/^event: release\ndata: (.*)$/gm)].map(([, data = ""]) => JSON.parse(data));
  await expect.poll(() => text).toContain('"release":null');
  release = await writeRelease(dataDir, systemClock);
  await expect.poll(reported, { timeout: 5_000 }).toMatchObject([{ id: release.id, state: "planned" }]);
  await release.enter("phase_1");
  await release.act("traffic 1 %", "green 1 %, blue 99 %");
  await expect
    .poll(() => reported().at(-1), { timeout: 5_000 })
    .toMatchObject({ state: "phase_1", new_percent: 1 });
  request.destroy();
});

test("operators read releases, admins command them, and others do neither", async () => {
  const path = `/api/releases/${release.id}`;
  for (const route of ["GET /api/releases", `GET ${path}`, `POST ${path}/hold`, "POST /api/emergency"]) {
    expect([route, (await server.send(route)).status]).toEqual([route, 401]);
    expect([route, (await server.send(route, "reader")).status]).toEqual([route, 403]);
  }
  expect((await server.send(`GET ${path}`, "operator")).status).toBe(200);
  for (const route of [`POST ${path}/revert`, "POST /api/releases", "POST /api/releases/preflight"])
    expect((await server.send(route, "operator", { reason: "odd" })).status).toBe(403);
  expect((await server.send(`POST ${path}/hold`, "admin", { reason: "lunch" })).status).toBe(202);
});

test("a release that moved traffic before an alert is a suspect, and on the timeline", async () => {
  const { id } = server.alerts.raise({ type: "CUSTOM", key: "loans", message: "Loans fail." });
  await expect.poll(() => server.alerts.active().map((alert) => alert.id)).toContain(id);
  const { body } = await server.send(`GET /api/alerts/${id}/suspects`, "operator");
  expect(body.suspects.filter(({ kind }: { kind: string }) => kind === "release")).toMatchObject([
    {
      release: release.id,
      version: "2.0.0",
      evidence: [expect.stringMatching(/from 0 % to 1 % of the clients/), expect.any(String)],
    },
  ]);
  const timeline = await server.send("GET /api/timeline?kinds=release", "operator");
  expect(timeline.body).toMatchObject({
    missing: [],
    entries: [
      {
        id: `release:${release.id}-started`,
        title: `Release ${release.id} of version 2.0.0 started.`,
        by: "Asha",
        ended_at: null,
        ref: { release: release.id, version: "2.0.0", milestone: "started" },
      },
    ],
  });
});
