import { lazy, Suspense, useState } from "react";
import { useSearchParams } from "wouter";
import { useSession } from "../../auth/session";
import { useConfig } from "../../config";
import { useWords } from "../../text";
import { Skeleton, State } from "../../ui/states";
import { SignIn, SignInButton } from "../sign-in/sign-in";

const Invitation = lazy(() => import("./invitation"));

/** `/join?ref=CODE`: what an invitee opens. */
export function Join() {
  const { t } = useWords();
  const { user } = useSession();
  const [query] = useSearchParams();
  const code = query.get("ref") ?? "";
  if (!/^[A-Z0-9]{5,16}$/.test(code)) {
    return (
      <State icon="link" level={1} title={t.join.noCode}>
        {t.join.noCodeText}
      </State>
    );
  }
  if (!user) return <Welcome />;
  return (
    <Suspense fallback={<Skeleton tall />}>
      <Invitation code={code} />
    </Suspense>
  );
}

/** What is said before anybody is signed in. */
function Welcome() {
  const { t } = useWords();
  const { signIn } = useConfig();
  const [choosing, setChoosing] = useState(false);
  if (choosing) return <SignIn />;
  const action =
    signIn.kind === "oidc" ? (
      <SignInButton config={signIn} />
    ) : (
      <button type="button" className="button button-primary" onClick={() => setChoosing(true)}>
        {t.join.signIn}
      </button>
    );
  return (
    <State icon="mail" level={1} title={t.join.title} action={action}>
      {t.join.signedOut}
    </State>
  );
}
