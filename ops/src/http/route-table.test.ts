import { expect, test } from "vitest";
import { RouteTable } from "./route-table.ts";

const table = new RouteTable();
table.add("GET", "/livez");
table.add(["GET", "HEAD"], "/api/alerts/:id");
table.add("GET", "/api/alerts/summary/all");
table.add("POST", "/api/alerts/:id/mute");
table.add("GET", "/console");
table.add("GET", "/console/*");

test.each([
  ["GET", "/livez", true],
  ["GET", "/livez?verbose=1", true],
  ["POST", "/livez", false],
  ["GET", "/livez/", false],
  ["GET", "/Livez", false],
  ["GET", "/", false],
  ["GET", "", false],
  ["OPTIONS", "*", false],
  ["GET", "/api/alerts", false],
  ["GET", "/api/alerts/", false],
  ["HEAD", "/api/alerts/7", true],
  ["GET", "/api/alerts/summary", true],
  ["POST", "/api/alerts/summary/mute", true],
  ["GET", "/api/alerts/7/mute", false],
  ["GET", "/console", true],
  ["GET", "/console/", true],
  ["GET", "/console/assets/a.js", true],
  ["GET", "/consoles", false],
])("%s %s: %s", (method, url, isOwn) => {
  expect(table.has(method, url)).toBe(isOwn);
});
