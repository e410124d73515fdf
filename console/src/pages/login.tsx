import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { ApiError, root } from "../api/client.ts";
import {
  findSession,
  logInWithPassword,
  logInWithToken,
  loginQuery,
  readinessQuery,
  type Session,
  sessionQuery,
} from "../api/session.ts";
import { Button } from "../ui/button.tsx";
import { Icon, Sunrise } from "../ui/icon.tsx";
import { CommandsThatWork, Fault, LoadError, Loading } from "../ui/states.tsx";
import styles from "./login.module.css";

/** The login, as the service asks for it: email and password, a token, or its own page. */
export const LoginPage = () => {
  const { data, error } = useQuery(loginQuery);
  useReturn();
  if (error && !data) return <LoadError error={error} />;
  if (!data) return <Loading />;
  const { title, login } = data;
  return (
    <main className={styles.page}>
      <p className={styles.brand}>
        <Sunrise /> {title}
      </p>
      <h1>Log in</h1>
      <Readiness />
      {login.kind === "password" && <PasswordForm url={login.url} />}
      {login.kind === "token" && <TokenForm />}
      {login.kind === "ambient" && <AmbientLogin href={login.href} title={title} />}
    </main>
  );
};

/** Goes on as soon as there is a session: the user has logged in in another tab, or at the service. */
const useReturn = () => {
  const { data } = useQuery(sessionQuery);
  const router = useRouter();
  const navigate = useNavigate();
  const { to = "/" } = useSearch({ from: "/login" });
  useEffect(() => {
    if (data) void router.invalidate().then(() => navigate({ href: to, replace: true }));
  }, [data, router, navigate, to]);
};

/** Why a login may fail: the service cannot use its database, or does not answer. */
const Readiness = () => {
  const { data } = useQuery(readinessQuery);
  if (data === undefined || data === null) return null;
  return (
    <div className={styles.away} role="status">
      <p>
        <Icon name="error" /> {data}
      </p>
      <CommandsThatWork />
    </div>
  );
};

/** Runs a login; {@link useReturn} goes where the user wanted to go. */
const useLogin = <Credentials,>(logIn: (credentials: Credentials) => Promise<Session>) => {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: logIn,
    onSuccess: (session) => {
      // Another user may have been here.
      queries.removeQueries({ predicate: ({ queryKey: [first] }) => !isForEveryone(first) });
      queries.setQueryData(sessionQuery.queryKey, session);
    },
  });
};

/** The service has a login of its own; a user who comes back from it is logged in here, too. */
const AmbientLogin = ({ href, title }: { href: string; title: string }) => {
  const queries = useQueryClient();
  useEffect(() => {
    const look = () => {
      findSession().then(
        (session) => session && queries.setQueryData(sessionQuery.queryKey, session),
        () => {
          // The state of the service is shown above.
        },
      );
    };
    window.addEventListener("focus", look);
    return () => window.removeEventListener("focus", look);
  }, [queries]);
  return (
    <p>
      <a href={new URL(href.replace(/^\//, ""), root).href}>Log in to {title}</a>, then come back here.
    </p>
  );
};

const isForEveryone = (key: unknown): boolean => key === "login" || key === "session" || key === "ready";

const PasswordForm = ({ url }: { url: string }) => {
  const [needsCode, setNeedsCode] = useState(false);
  const login = useLogin((given: { email: string; password: string; code?: string }) =>
    logInWithPassword(url, given).catch((error: unknown) => {
      if (error instanceof ApiError && error.problem?.code === "EB_TOTP_NEEDED") setNeedsCode(true);
      throw error;
    }),
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "");
    login.mutate({
      email: text("email"),
      password: text("password"),
      ...(needsCode && { code: text("code") }),
    });
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <label>
        Email
        <input name="email" type="email" autoComplete="username" required />
      </label>
      <label>
        Password
        <input name="password" type="password" autoComplete="current-password" required />
      </label>
      {needsCode && (
        <label>
          Code of your authenticator
          <input name="code" inputMode="numeric" autoComplete="one-time-code" required />
        </label>
      )}
      {login.error && <Fault error={login.error} />}
      <Button type="submit" missing={login.isPending ? "Logging in" : undefined}>
        Log in
      </Button>
    </form>
  );
};

const TokenForm = () => {
  const login = useLogin(logInWithToken);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    login.mutate(String(new FormData(event.currentTarget).get("token") ?? "").trim());
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <label>
        Token
        <input name="token" type="password" autoComplete="off" required />
      </label>
      {login.error && <Fault error={login.error} />}
      <Button type="submit" missing={login.isPending ? "Logging in" : undefined}>
        Log in
      </Button>
    </form>
  );
};
