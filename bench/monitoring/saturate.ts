import { connect } from "node:net";

const connections = 32;

/**
 * Requests a path over 32 connections, each time right after the last response. Counts bytes instead of parsing them, so
 * that the client is faster than the server and never sleeps: waking it would be work of the server.
 *
 * @returns the number of responses
 */
export const saturate = async (port: number, path: string, durationMs: number): Promise<number> => {
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  const untilMs = performance.now() + durationMs;
  const ask = () =>
    new Promise<number>((resolve, reject) => {
      let answers = 0;
      let received = 0;
      let length = 0;
      const socket = connect(port, "127.0.0.1", () => socket.write(request)).setNoDelay();
      socket.on("error", reject);
      socket.on("data", (chunk) => {
        length ||= lengthOf(chunk.toString("latin1"));
        received += chunk.length;
        if (received < length) return;
        received = 0;
        answers++;
        if (performance.now() < untilMs) return void socket.write(request);
        socket.destroy();
        resolve(answers);
      });
    });
  let asking = true;
  const stayAwake = () => void (asking && setImmediate(stayAwake));
  stayAwake();
  const counts = await Promise.all(Array.from({ length: connections }, ask));
  asking = false;
  return counts.reduce((sum, count) => sum + count, 0);
};

/** Of the first response; all others have the same length. */
const lengthOf = (answer: string): number => {
  if (!answer.startsWith("HTTP/1.1 200")) throw new Error(`the app answered ${answer.split("\r\n")[0]}`);
  return answer.indexOf("\r\n\r\n") + 4 + Number(/content-length: (\d+)/i.exec(answer)?.[1]);
};
