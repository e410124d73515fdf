import type { ServerResponse } from "node:http";

const problems = {
  400: ["Bad Request", "EB_FRONT_REQUEST", "This request cannot be forwarded.", "Correct its target."],
  502: [
    "Bad Gateway",
    "EB_FRONT_LOST",
    "The service ended before it answered.",
    "Check whether the request took effect, then try again.",
  ],
  503: [
    "Service Unavailable",
    "EB_FRONT_UNAVAILABLE",
    "The service is starting or has ended.",
    "Try again in a few seconds.",
  ],
} as const;

/** Answers a request that no slot answers. */
export const respondWithProblem = (response: ServerResponse, status: keyof typeof problems): void => {
  const [title, code, detail, remedy] = problems[status];
  const body = JSON.stringify({ type: "about:blank", title, status, code, detail, remedy });
  if (status === 503) response.setHeader("retry-after", 1);
  response.writeHead(status, {
    "content-type": "application/problem+json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
};
