import { useEffect, useState } from "react";
import { Link, useLocation } from "wouter";
import { signedIn } from "../../auth/session";
import { useConfig } from "../../config";
import { useWords } from "../../text";
import { Skeleton, State } from "../../ui/states";

/** A code is good once, also where React runs an effect twice. */
let finishing: Promise<string> | null = null;

/** Where the issuer sends the user back to. */
export default function SignedIn() {
  const { t } = useWords();
  const { signIn } = useConfig();
  const [, navigate] = useLocation();
  const [failed, setFailed] = useState(signIn.kind !== "oidc");
  useEffect(() => {
    if (signIn.kind !== "oidc") return;
    finishing ??= import("../../auth/oidc").then(async ({ finish }) => {
      const { user, returnTo } = await finish(signIn);
      signedIn(user);
      return returnTo;
    });
    finishing
      .then((returnTo) => navigate(returnTo, { replace: true }))
      .catch(() => setFailed(true));
  }, [signIn, navigate]);
  if (!failed) return <Skeleton tall />;
  const again = (
    <Link className="button" href="/">
      {t.signIn.again}
    </Link>
  );
  return (
    <State icon="warn" tone="bad" level={1} title={t.signIn.failedTitle} action={again}>
      {t.signIn.failed}
    </State>
  );
}
