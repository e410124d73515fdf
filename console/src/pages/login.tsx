import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { ApiError } from "../api/client.ts";
import { logInWithPassword, logInWithToken, loginQuery, type Session, sessionQuery } from "../api/session.ts";
import { Button } from "../ui/button.tsx";
import { Sunrise } from "../ui/icon.tsx";
import { Fault, LoadError, Loading } from "../ui/states.tsx";
import styles from "./login.module.css";

/** The login, as the service asks for it: email and password, a token, or its own page. */
export const LoginPage = () => {
  const { data, error } = useQuery(loginQuery);
  if (error) return <LoadError error={error} />;
  if (!data) return <Loading />;
  const { title, login } = data;
  return (
    <main className={styles.page}>
      <p className={styles.brand}>
        <Sunrise /> {title}
      </p>
      <h1>Log in</h1>
      {login.kind === "password" && <PasswordForm url={login.url} />}
      {login.kind === "token" && <TokenForm />}
      {login.kind === "ambient" && (
        <p>
          <a href={login.href}>Log in to {title}</a>, then come back here.
        </p>
      )}
    </main>
  );
};

/** Runs a login and goes where the user wanted to go. */
const useLogin = <Credentials,>(logIn: (credentials: Credentials) => Promise<Session>) => {
  const queries = useQueryClient();
  const router = useRouter();
  const navigate = useNavigate();
  const { to = "/" } = useSearch({ from: "/login" });
  return useMutation({
    mutationFn: logIn,
    onSuccess: async (session) => {
      queries.clear();
      queries.setQueryData(sessionQuery.queryKey, session);
      await router.invalidate();
      await navigate({ href: to });
    },
  });
};

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
