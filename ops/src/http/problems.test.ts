import fastify from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { Failure } from "../core/failure.ts";
import { answerFrameworkError, problems } from "./problems.ts";

const noMilk = () => new Failure("EB_NO_MILK", 409, "The milk is gone.", "Come earlier.", { litres: 0 });
const away = new Error("connect ECONNREFUSED 127.0.0.1:5432");

let thrown: unknown;
const app = fastify({
  bodyLimit: 20_000,
  frameworkErrors: answerFrameworkError,
}).withTypeProvider<ZodTypeProvider>();

beforeAll(async () => {
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  await app.register(problems, { isDatabaseUnavailable: (error) => error === away });
  const order = z.strictObject({ quantity: z.int().positive(), note: z.string().optional() });
  app.post("/orders", { schema: { body: order } }, async () => "placed");
  app.get("/throw", async () => {
    throw thrown;
  });
  app.get("/wrong", { schema: { response: { 200: z.object({ secret: z.string() }) } } }, async (_, reply) =>
    reply.send({ secret: 42 } as never),
  );
});

afterAll(() => app.close());

const post = (payload: string | object, type = "application/json") =>
  app.inject({ method: "POST", url: "/orders", headers: { "content-type": type }, payload });

const throwing = (error: unknown) => {
  thrown = error;
  return app.inject("/throw");
};

describe("problems", () => {
  test("a Failure responds with its detail, remedy and extra fields", async () => {
    const answer = await throwing(noMilk());
    expect(answer.statusCode).toBe(409);
    expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
    expect(answer.json()).toEqual({
      type: "about:blank",
      title: "Conflict",
      status: 409,
      code: "EB_NO_MILK",
      detail: "The milk is gone.",
      remedy: "Come earlier.",
      litres: 0,
    });
  });

  test("each wrong field is listed with its path", async () => {
    const answer = await post({ quantity: -1, colour: "blue" });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: "EB_INVALID_REQUEST" });
    const paths = answer.json().errors.map(({ path }: { path: string }) => path);
    expect(paths).toEqual(["body.quantity", "body"]);
    expect(answer.json().detail).toContain("colour");
  });

  test.each([
    ["malformed JSON", '{"quantity":', "application/json", 400, "EB_MALFORMED_JSON"],
    ["a polluted prototype", '{"__proto__":{"quantity":1}}', "application/json", 400, "EB_MALFORMED_JSON"],
    ["a foreign content type", "<order/>", "application/xml", 415, "EB_UNSUPPORTED_MEDIA_TYPE"],
    [
      "a body past the limit",
      `{"note":"${"a".repeat(20_000)}"}`,
      "application/json",
      413,
      "EB_BODY_TOO_LARGE",
    ],
    ["deep JSON", `${"[".repeat(5_000)}${"]".repeat(5_000)}`, "application/json", 400, "EB_TOO_DEEP"],
    ["a null character", '{"quantity":1,"note":"a\\u0000b"}', "application/json", 400, "EB_NULL_CHARACTER"],
  ])("%s is refused", async (_, payload, type, status, code) => {
    const answer = await post(payload, type);
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
    expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
  });

  test("a path that cannot be decoded is a problem too", async () => {
    const answer = await app.inject("/%E0%A4%A");
    expect([answer.statusCode, answer.json().code]).toEqual([400, "EB_BAD_REQUEST"]);
  });

  test("an unknown route is not found, and its query is not repeated", async () => {
    const answer = await app.inject("/nowhere?token=secret");
    expect([answer.statusCode, answer.json().code]).toEqual([404, "EB_ROUTE_NOT_FOUND"]);
    expect(answer.body).not.toContain("secret");
  });

  test("an unreachable database responds 503 with retry-after", async () => {
    const answer = await throwing(away);
    expect([answer.statusCode, answer.json().code]).toEqual([503, "EB_DATABASE_UNAVAILABLE"]);
    expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
  });

  test.each([
    ["23503", 422],
    ["23505", 409],
    ["23514", 400],
    ["22P02", 400],
    ["22008", 400],
    ["40P01", 503],
  ])("a PostgreSQL error %s responds %i without its message", async (code, status) => {
    const answer = await throwing(Object.assign(new Error('relation "users" ...'), { code }));
    expect(answer.statusCode).toBe(status);
    expect(answer.body).not.toContain("users");
  });

  test.each([
    ["an unexpected error", new Error("password=hunter2")],
    ["an error with a client's status", Object.assign(new Error("hunter2"), { statusCode: 404 })],
    ["a thrown string", "hunter2"],
  ])("%s responds 500 without details", async (_, error) => {
    const answer = await throwing(error);
    expect([answer.statusCode, answer.json().code]).toEqual([500, "EB_INTERNAL"]);
    expect(answer.body).not.toContain("hunter2");
  });

  test("a response that does not match its schema is a 500", async () => {
    const answer = await app.inject("/wrong");
    expect([answer.statusCode, answer.json().code]).toEqual([500, "EB_INTERNAL"]);
  });
});
