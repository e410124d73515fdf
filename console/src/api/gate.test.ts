import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SessionGate } from "./gate.ts";

/** Two tabs of a browser: one lock, and messages that arrive a moment later. */
const openTabs = () => {
  let turn = Promise.resolve<unknown>(undefined);
  const gates: SessionGate[] = [];
  const open = () => {
    const gate = new SessionGate({
      exclusively: (work) => {
        const done = turn.then(work);
        turn = done.catch(() => {});
        return done;
      },
      publish: () =>
        setTimeout(() => gates.filter((other) => other !== gate).map((other) => other.end()), 20),
    });
    gates.push(gate);
    return gate;
  };
  return [open(), open()] as const;
};

let status = 200;
const sent: string[] = [];
beforeEach(() => {
  status = 200;
  sent.length = 0;
  vi.stubGlobal("fetch", async ({ url }: Request) => {
    sent.push(url);
    await new Promise((resolve) => setTimeout(resolve, 5));
    return new Response("", { status });
  });
});
afterEach(() => vi.unstubAllGlobals());

const get = (gate: SessionGate, count: number) =>
  Promise.all(
    Array.from({ length: count }, (_, at) =>
      gate.fetch(new Request(`http://host/${at}`)).then(
        (response) => response.status,
        (error) => error.status,
      ),
    ),
  );

test("a session that has ended is refused once, however many tabs and requests there are", async () => {
  const [one, other] = openTabs();
  const ended = vi.fn();
  other.onEnd(ended);
  status = 401;
  const statuses = await Promise.all([get(one, 4), get(other, 4)]);
  expect(statuses.flat()).toEqual(Array(8).fill(401));
  expect(sent).toHaveLength(1);
  expect([one.hasEnded, other.hasEnded, ended.mock.calls.length]).toEqual([true, true, 1]);
  one.reopen();
  status = 200;
  expect(await get(one, 2)).toEqual([200, 200]);
});

test("while the session lasts, one request goes ahead and the others follow at once", async () => {
  const [one] = openTabs();
  expect(await get(one, 3)).toEqual([200, 200, 200]);
  expect(await get(one, 2)).toEqual([200, 200]);
  expect(sent).toHaveLength(5);
});

test("a tab that holds the lock and hangs does not stop the others", async () => {
  const gate = new SessionGate({ exclusively: () => new Promise(() => {}), publish: () => {} });
  expect(await get(gate, 2)).toEqual([200, 200]);
});
