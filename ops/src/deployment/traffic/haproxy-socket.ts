import { createConnection } from "node:net";
import { text } from "node:stream/consumers";
import { messageOf } from "../../core/message-of.ts";
import { withTimeout } from "../../core/with-timeout.ts";
import { switchFailed } from "./failures.ts";

const answersWithinMs = 5_000;

/**
 * Sends a command to the runtime API of HAProxy.
 *
 * @throws Failure EB_TRAFFIC_SWITCH
 */
export const askHaproxy = async (socketPath: string, command: string): Promise<string> => {
  const socket = createConnection(socketPath);
  try {
    // HAProxy closes the connection after its answer.
    socket.write(`${command}\n`);
    return (await withTimeout(answersWithinMs, text(socket))).trim();
  } catch (error) {
    throw switchFailed({ reason: `HAProxy at ${socketPath}: ${messageOf(error)}` }, {}, { cause: error });
  } finally {
    socket.destroy();
  }
};

/** The weight of a server, 0 to 256. */
export const weightOf = async (socketPath: string, server: string): Promise<number> => {
  const answer = await askHaproxy(socketPath, `get weight ${server}`);
  const weight = /^(\d+) \(initial \d+\)$/.exec(answer)?.[1];
  if (weight === undefined) throw switchFailed({ reason: `HAProxy, weight of ${server}: ${answer}` });
  return Number(weight);
};

/** @throws Failure EB_TRAFFIC_SWITCH if HAProxy refuses the weight or has another one afterwards */
export const setWeight = async (socketPath: string, server: string, weight: number): Promise<void> => {
  const refusal = await askHaproxy(socketPath, `set server ${server} weight ${weight}`);
  if (refusal !== "") throw switchFailed({ reason: `HAProxy, weight of ${server}: ${refusal}` });
  const found = await weightOf(socketPath, server);
  if (found !== weight) {
    throw switchFailed({ reason: `HAProxy gives ${server} the weight ${found} instead of ${weight}.` });
  }
};

/** The sessions that a server has now. */
export const sessionsOf = async (socketPath: string, server: string): Promise<number> => {
  const [heading = "", ...lines] = (await askHaproxy(socketPath, "show stat")).split("\n");
  const column = heading.replace(/^# /, "").split(",").indexOf("scur");
  const line = lines.map((each) => each.split(",")).find(([proxy, name]) => `${proxy}/${name}` === server);
  if (line === undefined) throw switchFailed({ reason: `HAProxy has no server ${server}.` });
  return Number(line[column]);
};
