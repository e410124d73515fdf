import { expect, test } from "vitest";
import { defaultVersion, prepareVersions, requestedVersion, varyWithVersion } from "./api-version.ts";

const served = prepareVersions([{ date: "2026-11-01" }, { date: "2026-08-01", sunset: "2027-03-01" }]);

test("the older version is deprecated from the date of the newer one, and ends at its sunset", () => {
  expect(served.map(({ headers }) => headers)).toEqual([
    [["EarlyBird-Version", "2026-11-01"]],
    [
      ["EarlyBird-Version", "2026-08-01"],
      ["Deprecation", "@1793491200"],
      ["Sunset", "Mon, 01 Mar 2027 00:00:00 GMT"],
    ],
  ]);
});

test.each([
  ["no version", [], "the list is empty"],
  ["three versions", ["2026-11-01", "2026-08-01", "2026-05-01"], "3 are declared, and at most 2 served"],
  ["the oldest first", ["2026-08-01", "2026-11-01"], "2026-11-01 is not older than 2026-08-01"],
  ["one twice", ["2026-08-01", "2026-08-01"], "2026-08-01 is not older than 2026-08-01"],
  ["a day that does not exist", ["2026-02-30"], '"2026-02-30" is not a date'],
  ["another format", ["2026-8-1"], '"2026-8-1" is not a date'],
])("%s cannot be declared", (_, dates, reason) => {
  expect(() => prepareVersions(dates.map((date) => ({ date })))).toThrow(
    expect.objectContaining({ code: "EB_API_VERSIONS", detail: expect.stringContaining(reason) }),
  );
});

test("a version cannot end before it is deprecated", () => {
  const early = [{ date: "2026-11-01" }, { date: "2026-08-01", sunset: "2026-10-31" }];
  expect(() => prepareVersions(early)).toThrow("before it is deprecated");
  expect(() => prepareVersions([{ date: "2026-11-01", sunset: "soon" }])).toThrow('"soon" is not a date');
});

test.each(["2026-05-01", "2026-11-01, 2026-08-01", "latest", "", " 2026-11-01", "x".repeat(5_000)])(
  "the header %j is refused with the list",
  (asked) => {
    const refused = expect.objectContaining({
      code: "EB_API_VERSION_NOT_SERVED",
      status: 406,
      extra: { served: ["2026-11-01", "2026-08-01"] },
    });
    expect(() => requestedVersion(served, asked)).toThrow(refused);
  },
);

test.each([
  ["no pin", null, "2026-08-01"],
  ["a pin to the newest", "2026-11-01", "2026-11-01"],
  ["a pin to the older", "2026-08-01", "2026-08-01"],
  ["a pin to a version that has ended", "2026-05-01", "2026-08-01"],
  ["a pin between the two", "2026-10-31", "2026-08-01"],
  ["an invalid pin", "newest", "2026-08-01"],
  ["a pin to a version that only a newer release has", "2027-02-01", "2026-11-01"],
])("%s gives a client without the header version %s", (_, pinned, date) => {
  expect(defaultVersion(served, pinned).date).toBe(date);
});

test("Vary keeps what others have set", () => {
  expect([undefined, "Origin", ["Origin", "Accept"]].map(varyWithVersion)).toEqual([
    "EarlyBird-Version",
    "Origin, EarlyBird-Version",
    "Origin, Accept, EarlyBird-Version",
  ]);
});
